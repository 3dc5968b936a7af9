/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - so many clients ask the same thing over and over for a while; prints how that went. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS 1024
#define MAX_HEAD 65536

static const char usage[] =
	"usage: load -p PORT [-c CLIENTS] [-s SECONDS] [-f FIRST] [-H HEADER]... [-b BODY]\n"
	"            METHOD PATH\n"
	"Each client has one connection to 127.0.0.1 and sends its next request when it has the\n"
	"answer.  In PATH and BODY {n} is the client's number, from FIRST on, {i} counts its\n"
	"requests from 1 on, and {p} is {i} - 1.  Prints one JSON object; times are in\n"
	"microseconds.\n";

struct options {
	uint16_t port;
	unsigned clients, first;
	double seconds;
	const char *method, *path, *body;
	char headers[MAX_HEAD];
};

struct client {
	int fd;
	unsigned number;
	unsigned long sent;
	int64_t since_ns;
	char *out; /* the request, and what of it is still to be written */
	size_t out_len, out_at;
	char head[MAX_HEAD]; /* of the answer, until it is whole */
	size_t head_len;
	bool in_body, closing; /* the server ends the connection after this answer */
	size_t body_left;
	int status;
};

struct load {
	const struct options *o;
	int epoll;
	struct client *clients;
	int64_t end_ns;
	unsigned waiting; /* clients with a request under way */
	uint32_t *took_us;
	size_t n, room;
	unsigned long refused; /* answers that are no success */
	unsigned long bytes;
	char first_refusal[256];
	char buffer[262144];
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- connections ------------------------------------------------------------ */

static int connected(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    fcntl(fd, F_SETFL, O_NONBLOCK))
		err(1, "connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void open_client(struct load *l, struct client *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

	c->fd = connected(l->o->port);
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e))
		err(1, "epoll_ctl");
}

/* --- requests --------------------------------------------------------------- */

/* `text` with its {n}, {i} and {p} filled in. */
static char *fill(const char *text, const struct client *c)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	for (; *text; text++) {
		if (strncmp(text, "{n}", 3) == 0)
			fprintf(f, "%u", c->number);
		else if (strncmp(text, "{i}", 3) == 0)
			fprintf(f, "%lu", c->sent);
		else if (strncmp(text, "{p}", 3) == 0)
			fprintf(f, "%lu", c->sent - 1);
		else {
			fputc(*text, f);
			continue;
		}
		text += 2;
	}
	fclose(f);
	return out;
}

static void make_request(const struct options *o, struct client *c)
{
	char *path, *body;
	int n;

	c->sent++;
	path = fill(o->path, c);
	body = o->body ? fill(o->body, c) : NULL;
	free(c->out);
	if (body)
		n = asprintf(&c->out,
			     "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s",
			     o->method, path, o->headers, strlen(body), body);
	else
		n = asprintf(&c->out, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", o->method,
			     path, o->headers);
	if (n < 0)
		err(1, "memory");
	c->out_len = (size_t)n;
	c->out_at = 0;
	free(path);
	free(body);
}

static void watch(struct load *l, struct client *c, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = c };

	if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &e))
		err(1, "epoll_ctl");
}

/* Nearly always all of it at once: then nothing is asked of epoll. */
static void send_some(struct load *l, struct client *c)
{
	bool resumed = c->out_at > 0;
	ssize_t n = write(c->fd, c->out + c->out_at, c->out_len - c->out_at);

	if (n < 0 && errno != EAGAIN)
		err(1, "write");
	if (n > 0)
		c->out_at += (size_t)n;
	if (c->out_at < c->out_len)
		watch(l, c, EPOLLOUT | EPOLLIN);
	else if (resumed)
		watch(l, c, EPOLLIN);
}

static void start_request(struct load *l, struct client *c)
{
	make_request(l->o, c);
	c->head_len = 0;
	c->in_body = false;
	c->since_ns = now_ns();
	send_some(l, c);
}

/* --- answers ---------------------------------------------------------------- */

static void keep_time(struct load *l, int64_t ns)
{
	if (l->n == l->room) {
		l->room = l->room ? l->room * 2 : 65536;
		l->took_us = realloc(l->took_us, l->room * sizeof(*l->took_us));
		if (!l->took_us)
			err(1, "memory");
	}
	l->took_us[l->n++] = (uint32_t)(ns / 1000);
}

/* What was asked for, or that the client has it already. */
static bool is_success(const struct client *c)
{
	return (c->status >= 200 && c->status <= 299) || c->status == 304;
}

static void finish(struct load *l, struct client *c)
{
	keep_time(l, now_ns() - c->since_ns);
	if (!is_success(c))
		l->refused++;
	if (c->closing) {
		close(c->fd);
		open_client(l, c);
	}
	if (now_ns() < l->end_ns)
		start_request(l, c);
	else
		l->waiting--;
}

/* The answer's head is whole: its status, and how long its body is. */
static void read_head(struct load *l, struct client *c)
{
	const char *length = strcasestr(c->head, "\r\ncontent-length:");

	if (sscanf(c->head, "HTTP/1.1 %d", &c->status) != 1)
		errx(1, "no HTTP: %.100s", c->head);
	if (strcasestr(c->head, "\r\ntransfer-encoding:"))
		errx(1, "an answer in chunks");
	c->closing = strcasestr(c->head, "\r\nconnection: close") != NULL;
	c->body_left = 0;
	if (length && c->status != 204 && c->status != 304 && strcmp(l->o->method, "HEAD") != 0)
		c->body_left = strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
	c->in_body = true;
}

/* Takes bytes of an answer. */
static void take(struct load *l, struct client *c, const char *bytes, size_t n)
{
	char *end;
	size_t had = c->head_len, rest = n;

	if (!c->in_body) {
		if (had + n >= MAX_HEAD) /* the head ends in here, or never */
			n = MAX_HEAD - had - 1;
		memcpy(c->head + had, bytes, n);
		c->head[had + n] = '\0';
		c->head_len += n;
		end = strstr(c->head, "\r\n\r\n");
		if (!end && c->head_len == MAX_HEAD - 1)
			errx(1, "an answer's head is too long");
		if (!end)
			return;
		end += 4;
		*(end - 2) = '\0';
		rest -= (size_t)(end - c->head) - had;
		bytes += (size_t)(end - c->head) - had;
		read_head(l, c);
	}
	if (!is_success(c) && !*l->first_refusal && rest)
		snprintf(l->first_refusal, sizeof(l->first_refusal), "%d %.*s", c->status,
			 (int)(rest < 200 ? rest : 200), bytes);
	if (rest > c->body_left)
		errx(1, "an answer is longer than it says");
	c->body_left -= rest;
	if (!c->body_left)
		finish(l, c);
}

static void receive_some(struct load *l, struct client *c)
{
	ssize_t n = read(c->fd, l->buffer, sizeof(l->buffer));

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		errx(1, "the server closed a connection");
	l->bytes += (unsigned long)n;
	take(l, c, l->buffer, (size_t)n);
}

/* --- the run ---------------------------------------------------------------- */

static void start_clients(struct load *l)
{
	l->clients = calloc(l->o->clients, sizeof(*l->clients));
	if (!l->clients)
		err(1, "memory");
	l->waiting = l->o->clients;
	for (unsigned i = 0; i < l->o->clients; i++) {
		struct client *c = &l->clients[i];

		open_client(l, c);
		c->number = l->o->first + i;
		start_request(l, c);
	}
}

static void run(struct load *l)
{
	struct epoll_event events[64];

	while (l->waiting) {
		int n = epoll_wait(l->epoll, events, 64, 30000);

		if (n == 0)
			errx(1, "no answer for 30 s");
		for (int i = 0; i < n; i++) {
			struct client *c = events[i].data.ptr;

			if (events[i].events & EPOLLIN)
				receive_some(l, c);
			else if (c->out_at < c->out_len)
				send_some(l, c);
		}
	}
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void print_json_text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		if ((unsigned char)*s >= ' ')
			putchar(*s);
	}
	putchar('"');
}

static void report(struct load *l, double seconds)
{
	qsort(l->took_us, l->n, sizeof(*l->took_us), ascending);
	printf("{\"requests\": %zu, \"refused\": %lu, \"seconds\": %.3f, \"per_s\": %.1f, "
	       "\"bytes\": %lu, \"p50_us\": %u, \"p99_us\": %u, \"max_us\": %u, "
	       "\"first_refusal\": ",
	       l->n, l->refused, seconds, (double)l->n / seconds, l->bytes, l->took_us[l->n / 2],
	       l->took_us[l->n * 99 / 100], l->took_us[l->n - 1]);
	print_json_text(l->first_refusal);
	printf("}\n");
}

static void add_header(struct options *o, const char *header)
{
	size_t n = strlen(o->headers);

	if ((size_t)snprintf(o->headers + n, sizeof(o->headers) - n, "%s\r\n", header) >=
	    sizeof(o->headers) - n)
		errx(1, "too many headers");
}

static void read_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "p:c:s:f:H:b:")) != -1) {
		switch (c) {
		case 'p':
			o->port = (uint16_t)strtoul(optarg, NULL, 10);
			break;
		case 'c':
			o->clients = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			o->seconds = strtod(optarg, NULL);
			break;
		case 'f':
			o->first = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'H':
			add_header(o, optarg);
			break;
		case 'b':
			o->body = optarg;
			break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (argc - optind != 2 || !o->port || !o->clients || o->clients > MAX_CLIENTS) {
		fputs(usage, stderr);
		exit(2);
	}
	o->method = argv[optind];
	o->path = argv[optind + 1];
}

int main(int argc, char **argv)
{
	struct options o = { .clients = 1, .seconds = 1 };
	struct load *l = calloc(1, sizeof(*l));
	int64_t start_ns = now_ns();

	read_options(argc, argv, &o);
	if (!l)
		err(1, "memory");
	l->o = &o;
	l->epoll = epoll_create1(0);
	l->end_ns = start_ns + (int64_t)(o.seconds * 1e9);
	start_clients(l);
	run(l);
	report(l, (double)(now_ns() - start_ns) / 1e9);
	return 0;
}
