/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a target over files, without a fuzzer.

usage: PROGRAM [-r COUNT [-s SEED] [-o FILE]] FILE|DIRECTORY...
       PROGRAM -p COUNT [-s SEED] FILE|DIRECTORY... >SAMPLES

Each file is given to the target in a process of its own, so that one which fails does not hide the next.
With -r, after that, COUNT inputs are made from the files by the target's mutator, step by step, and given
to it; one that fails is written to the FILE of -o. With -p, such inputs, and the files first, are written to standard output instead, each after its
size in four bytes. Prints a line for each failure, and in the end "N passed, N failed". Exit code 0 if
nothing failed, 1 if something did, 2 for bad usage. */

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
#define MADE_MAX	2048		/* size of made inputs, as the fuzzers have it */

typedef struct {
  char *	name;
  uint8_t *	data;
  size_t	size;
} input;

static input * inputs;
static size_t input_count;
static unsigned long passed, failed;
static uint32_t state = 1;
static input * current;			/* the made input, shared with the parent */

static uint32_t
rnd(uint32_t n)
{
state = state * 1664525 + 1013904223;
return n > 0 ? (uint32_t)((uint64_t)state * n >> 32) : 0;
}

static void
add_file(const char * name)
{
FILE * f = fopen(name, "rb");
input * in;

if (!f) { perror(name); exit(2); }
inputs = realloc(inputs, (input_count + 1) * sizeof(input));
in = inputs + input_count++;
in->name = strdup(name);
in->data = malloc(INPUT_MAX);
in->size = fread(in->data, 1, INPUT_MAX, f);
in->data = realloc(in->data, in->size + 1);
fclose(f);
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
if (!S_ISDIR(st.st_mode)) { add_file(name); return; }
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

/* An input made from one of the files, by one or more steps */

static size_t
make(uint8_t * out)
{
const input * in = inputs + rnd((uint32_t)input_count);
size_t n = in->size < MADE_MAX ? in->size : MADE_MAX;

memcpy(out, in->data, n);
for (uint32_t steps = 1 + rnd(4); steps > 0; steps--)
  n = LLVMFuzzerCustomMutator(out, n, MADE_MAX, rnd(UINT32_MAX));
return n;
}

static void
run_made(unsigned long count)
{
while (count-- > 0)
  {
  uint8_t * exact = malloc(MADE_MAX);
  current->size = make(current->data);
  exact = realloc(exact, current->size + 1);
  memcpy(exact, current->data, current->size);
  LLVMFuzzerTestOneInput(exact, current->size);
  free(exact);
  }
}

static void
save_current(const char * name)
{
FILE * f = fopen(name, "wb");
if (!f || fwrite(current->data, 1, current->size, f) != current->size || fclose(f)) perror(name);
}

static void
pack(const uint8_t * data, size_t n)
{
uint8_t size[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
if (fwrite(size, 1, 4, stdout) != 4 || fwrite(data, 1, n, stdout) != n) { perror("write"); exit(1); }
}

/* Run something in a child; count how it ended */

static int
in_child(const char * name, const input * in, unsigned long count)
{
int status = 0;
pid_t pid;

fflush(stdout);
if ((pid = fork()) == 0)
  {
  if (in) LLVMFuzzerTestOneInput(in->data, in->size); else run_made(count);
  _exit(0);
  }
if (pid < 0 || waitpid(pid, &status, 0) != pid) { perror("fork"); exit(1); }
if (status == 0) passed++;
else
  {
  failed++;
  printf("not ok - %s\n", name);
  }
return status == 0;
}

int
main(int argc, char ** argv)
{
static uint8_t buf[MADE_MAX];
unsigned long made = 0;
const char * save = NULL;
char what[80];
int c, packing = 0;

while ((c = getopt(argc, argv, "r:p:s:o:")) != -1) switch (c)
  {
  case 'p': packing = 1;		/* fall through */
  case 'r': made = strtoul(optarg, NULL, 10); break;
  case 's': state = (uint32_t)strtoul(optarg, NULL, 10); break;
  case 'o': save = optarg; break;
  default:  return 2;
  }
while (optind < argc) add(argv[optind++]);
if (input_count == 0) { fprintf(stderr, "%s: no input\n", argv[0]); return 2; }

if (packing)
  {
  for (size_t i = 0; i < input_count; i++) pack(inputs[i].data, inputs[i].size);
  while (made-- > 0) pack(buf, make(buf));
  return fflush(stdout) ? 1 : 0;
  }
fuzz_thorough = 1;
for (size_t i = 0; i < input_count; i++) in_child(inputs[i].name, inputs + i, 1);
fuzz_thorough = 0;
if (made > 0)
  {
  current = mmap(NULL, sizeof(input) + MADE_MAX, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0);
  if (current == MAP_FAILED) { perror("mmap"); return 1; }
  current->data = (uint8_t *)(current + 1);
  snprintf(what, sizeof(what), "%lu made inputs", made);
  if (!in_child(what, NULL, made) && save) save_current(save);
  }
printf("%lu passed, %lu failed\n", passed, failed);
return failed > 0;
}

/* End of main.c */
