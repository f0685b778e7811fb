#ifndef ALLOCATION_COUNT_H
#define ALLOCATION_COUNT_H

/// How often this process has asked the allocator for memory. Counting replaces glibc's entry points in whatever links this.
unsigned long allocation_count(void);

#endif
