/* SPDX-License-Identifier: Apache-2.0 */
/* driver.c - runs a fuzz target over its corpus, and over changed copies of it, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES 65536
#define COPIES 400	/* of each file at most; the same ones in every run */
#define ALL_COPIES 8000 /* of all files: a large corpus has fewer of each */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

/* One to four bytes changed, taken away or doubled. */
static size_t change(uint8_t *data, size_t size, uint32_t *state)
{
	for (uint32_t n = next(state) % 4 + 1; n && size; n--) {
		size_t at = next(state) % size;

		switch (next(state) % 4) {
		case 0:
			data[at] = (uint8_t)next(state);
			break;
		case 1:
			data[at] ^= (uint8_t)(1u << next(state) % 8);
			break;
		case 2:
			memmove(data + at, data + at + 1, --size - at);
			break;
		default:
			if (size < INPUT_BYTES) {
				memmove(data + at + 1, data + at, size - at);
				size++;
			}
		}
	}
	return size;
}

static int run_file(const char *path, int copies)
{
	static uint8_t seed[INPUT_BYTES], copy[INPUT_BYTES];
	FILE *f = fopen(path, "rb");
	uint32_t state = 2463534242u;
	size_t size;

	if (!f) {
		perror(path);
		return 1;
	}
	size = fread(seed, 1, sizeof(seed), f);
	fclose(f);
	LLVMFuzzerTestOneInput(seed, size);
	for (int i = 0; i < copies; i++) {
		memcpy(copy, seed, size);
		LLVMFuzzerTestOneInput(copy, change(copy, size, &state));
	}
	return 0;
}

/* The corpus of fuzz_NAME is tests/fuzz/corpus/NAME. */
int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name = strstr(argv[0], "fuzz_");
	char folder[1000], path[2000];
	int files = 0, failed = 0, copies;
	struct dirent *e;
	DIR *d;

	for (int i = 1; i < argc; i++)
		failed |= run_file(argv[i], COPIES);
	if (argc > 1)
		return failed;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
		 name ? name + 5 : "");
	d = opendir(folder);
	while (d && (e = readdir(d)))
		files += *e->d_name != '.';
	copies = files && ALL_COPIES / files < COPIES ? ALL_COPIES / files : COPIES;
	if (d)
		rewinddir(d);
	while (d && (e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		failed |= run_file(path, copies);
	}
	if (d)
		closedir(d);
	printf("%d files, %d inputs each\n", files, copies + 1);
	return failed || !files;
}
