/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run a target over files, without a fuzzer.

usage: PROGRAM [-1] [-n STEP] [-o FILE] FILE|DIRECTORY...

Give the target each file, and all that one small change makes of it: each prefix, and each byte missing, doubled, or
another one, with and without the lengths and the checksum made to fit. With -n, only every STEP-th of those. After a
file that fails a new process goes on with the next, or with -1 nothing does. Print a line for each file that fails, and
"N passed, N failed". -o names the FILE for the last input that failed. Exit code 0 if nothing failed, 1 if something
did, 2 for bad usage. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fuzz.h"

#define INPUT_MAX	(256 * 1024)
#define CHANGED_MAX	300		/* bytes that are changed */
#define CHANGES		7

static struct {
  size_t	file, size;
  uint8_t	data[INPUT_MAX];
} * current;				/* shared with the parent */
static char ** files;
static size_t file_count;
static const char * save;
static unsigned long step = 1, changes;

static void
run(void)
{
(void) LLVMFuzzerTestOneInput(current->data, current->size);
}

/* Make one change to the byte at i of an input, which has room for one more. */

static size_t
change(int kind, uint8_t * p, size_t n, size_t i)
{
switch (kind)
  {
  case 0:  return i;
  case 1:  memmove(p + i, p + i + 1, n - i - 1); return n - 1;
  case 2:  memmove(p + i + 1, p + i, n - i); return n + 1;
  case 3:  p[i]++; return n;
  case 4:  p[i]--; return n;
  case 5:  p[i] = 0; return n;
  default: p[i] ^= 0xff; return n;
  }
}

static void
run_changed(const uint8_t * data, size_t n)
{
size_t at = fuzz_script_len;

for (size_t i = 0; i < n && i < CHANGED_MAX; i++)
  for (int kind = 0; kind < CHANGES * 2; kind++)
    {
    if (changes++ % step != 0) continue;
    memcpy(current->data, data, n);
    current->size = change(kind / 2, current->data, n, i);
    if (kind % 2 && current->size > at) mend(current->data + at, current->size - at);
    run();
    }
}

static void
run_file(const char * name)
{
static uint8_t data[INPUT_MAX];
FILE * f = fopen(name, "rb");
size_t n;

if (!f) { perror(name); exit(2); }
n = fread(data, 1, INPUT_MAX - 1, f);
fclose(f);
memcpy(current->data, data, n);
current->size = n;
fuzz_thorough = 1;
run();
fuzz_thorough = 0;
run_changed(data, n);
}

/* Run the files from a number on in a child.

Returns:	the number of the one that failed, or that of all */

static size_t
run_from(size_t first)
{
pid_t pid;
int status;

fflush(stdout);
if ((pid = fork()) == 0)
  {
  for (current->file = first; current->file < file_count; current->file++) run_file(files[current->file]);
  fflush(stdout);
  _exit(0);
  }
if (pid < 0 || waitpid(pid, &status, 0) != pid) { perror("fork"); exit(1); }
return status == 0 ? file_count : current->file;
}

static void
report(const char * name)
{
FILE * f;

printf("not ok - %s\n", name);
if (!save) return;
if (!(f = fopen(save, "wb")) || fwrite(current->data, 1, current->size, f) != current->size || fclose(f)) perror(save);
}

static int
visible(const struct dirent * d)
{
return d->d_name[0] != '.';
}

static void
add(const char * name)
{
struct dirent ** d;
struct stat st;
int n;

if (stat(name, &st) != 0) { perror(name); exit(2); }
if (!S_ISDIR(st.st_mode))
  {
  files = realloc(files, (file_count + 1) * sizeof(*files));
  files[file_count++] = strdup(name);
  return;
  }
if ((n = scandir(name, &d, visible, alphasort)) < 0) { perror(name); exit(2); }
for (int i = 0; i < n; i++)
  {
  char path[4096];
  snprintf(path, sizeof(path), "%s/%s", name, d[i]->d_name);
  add(path);
  free(d[i]);
  }
free(d);
}

int
main(int argc, char ** argv)
{
size_t failed = 0, at;
int c, one = 0;

while ((c = getopt(argc, argv, "1n:o:")) != -1) switch (c)
  {
  case '1': one = 1; break;
  case 'n': step = strtoul(optarg, NULL, 10); break;
  case 'o': save = optarg; break;
  default:  return 2;
  }
if (optind == argc || step == 0) { fprintf(stderr, "%s: bad usage\n", argv[0]); return 2; }
current = mmap(NULL, sizeof(*current), PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0);
if (current == MAP_FAILED) { perror("mmap"); return 1; }
while (optind < argc) add(argv[optind++]);
for (at = 0; at < file_count && !(one && failed > 0); at++)
  if ((at = run_from(at)) < file_count)
    {
    failed++;
    report(files[at]);
    }
printf("%zu passed, %zu failed\n", file_count - failed, failed);
return failed > 0;
}

/* End of main.c */
