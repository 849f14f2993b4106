/* A target that reads one batch of four numbers, and hangs where HANGS_IN says. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/target/target.h"

static int is(const char* place) { return strcmp(HANGS_IN, place) == 0; }

static void* SleepForEver(void* arg) {
  for (;;) pause();
  return arg;
}
/* Joins a thread that never ends, as a destructor does. */
static void HangHere(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, SleepForEver, NULL);
  pthread_join(thread, NULL);
}
static void HangsIn(const char* place) {
  if (is(place)) HangHere();
}
__attribute__((constructor)) static void AtLoad(void) { HangsIn("load"); }
static void AtExit(void) { HangsIn("exit"); }

static double rows[4] = {0, 1, 2, 3};
static int read_, closed;

static tgt_code Open(const tgt_host* host, void** instance, tgt_error* error) {
  (void)host, (void)error;
  *instance = rows;
  atexit(AtExit);
  HangsIn("open");
  return TGT_OK;
}
static void Close(void* instance) {
  (void)instance;
  HangsIn("close");
}
static tgt_code Free(void* instance, tgt_handle handle, tgt_error* error) {
  (void)instance, (void)handle, (void)error;
  closed = 2;
  HangsIn("free");
  return TGT_OK;
}
static void Release(void* instance, tgt_tensor* tensor) { (void)instance, (void)tensor; }
static tgt_code Create(void* instance, const tgt_csv_options* o, tgt_handle* iterator, tgt_error* e) {
  (void)instance, (void)o, (void)e;
  *iterator = 1;
  HangsIn("create");
  return TGT_OK;
}
static tgt_code Next(void* instance, tgt_handle iterator, tgt_batch* batch, tgt_error* error) {
  (void)instance, (void)iterator;
  memset(batch, 0, sizeof(*batch));
  if (closed) return error->code = closed == 2 ? TGT_STALE_HANDLE : TGT_CLOSED;
  HangsIn("next");
  batch->has_value = !read_;
  batch->data.dtype = TGT_FLOAT64;
  batch->data.rank = 2;
  batch->data.dims[0] = 4;
  batch->data.dims[1] = 1;
  batch->data.data = rows;
  batch->data.size_bytes = sizeof(rows);
  read_ = 1;
  return TGT_OK;
}
static tgt_code Reset(void* instance, tgt_handle iterator, tgt_error* error) {
  (void)instance, (void)iterator, (void)error;
  read_ = 0;
  return TGT_OK;
}
static tgt_code CloseIterator(void* instance, tgt_handle iterator, tgt_error* error) {
  (void)instance, (void)iterator, (void)error;
  closed = 1;
  HangsIn("iterator_close");
  return TGT_OK;
}

static const tgt_target table = {
    .abi_version = TGT_ABI_VERSION,
    .name = "hanging",
    .version = "1",
    .notes = "",
    .groups = TGT_ITERATOR,
    .open = Open,
    .close = Close,
    .free_handle = Free,
    .tensor_release = Release,
    .csv_iterator_create = Create,
    .iterator_next = Next,
    .iterator_reset = Reset,
    .iterator_close = CloseIterator,
};
const tgt_target* tgt_entry(void) { return &table; }
