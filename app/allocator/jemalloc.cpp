// What the allocator reads when the process begins. The book is read at random places all over its memory, so
// large pages save most of the walks through page tables: a quarter of the time of decide and evolve.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "thp:always,background_thread:false";
}
