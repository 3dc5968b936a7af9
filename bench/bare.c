/* SPDX-License-Identifier: Apache-2.0 */
/* bare.c - the least a FastCGI responder can do: the same bytes for every request. */
#include <err.h>
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The file's bytes; it holds an answer as a responder writes it, head and body. */
static char *read_answer(const char *path, int *n)
{
	FILE *f = fopen(path, "rb");
	char *bytes = NULL;
	long len;

	if (!f || fseek(f, 0, SEEK_END) || (len = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		err(1, "%s", path);
	bytes = malloc((size_t)len + 1);
	if (!bytes || fread(bytes, 1, (size_t)len, f) != (size_t)len)
		err(1, "%s", path);
	fclose(f);
	*n = (int)len;
	return bytes;
}

int main(int argc, char **argv)
{
	FCGX_Request rq;
	char *answer;
	int n;

	if (argc != 2)
		errx(2, "usage: spawn-fcgi -n -s SOCKET -- bare FILE");
	answer = read_answer(argv[1], &n);
	if (FCGX_Init() || FCGX_InitRequest(&rq, STDIN_FILENO, 0))
		errx(1, "no FastCGI");
	while (FCGX_Accept_r(&rq) >= 0) {
		FCGX_PutStr(answer, n, rq.out);
		FCGX_Finish_r(&rq);
	}
	free(answer);
	return 0;
}
