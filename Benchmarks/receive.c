// Reads many sockets until each has had a mark. What it costs is counted as the server's, so it does no more than it must.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { markMax = 64, readMax = 65536, eventsMax = 16384, pauseMicroseconds = 5000 };

struct tail {
    int descriptor, length, isDone;
    char bytes[markMax];
};

/// Descriptors that do not block; a mark of at most 64 bytes. 0 once all have had it; else the errno, or -1 where one has ended.
int receive_all(const int *descriptors, int count, const char *mark, int length) {
    if (length > markMax) return EINVAL;
    int poll = epoll_create1(EPOLL_CLOEXEC);
    struct tail *tails = calloc(count, sizeof *tails);
    char *buffer = malloc(markMax + readMax);
    struct epoll_event *events = malloc(eventsMax * sizeof *events);
    int result = poll < 0 || !tails || !buffer || !events ? ENOMEM : 0;
    for (int index = 0; index < count && !result; index++) {
        tails[index].descriptor = descriptors[index];
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = index};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptors[index], &event)) result = errno;
    }
    for (int waiting = count; waiting > 0 && !result;) {
        // Woken for many at once: to be woken for each would take the processors again.
        usleep(pauseMicroseconds);
        int found = epoll_wait(poll, events, eventsMax, -1);
        if (found < 0 && errno != EINTR) result = errno;
        for (int index = 0; index < found && !result; index++) {
            struct tail *tail = &tails[events[index].data.u32];
            while (!tail->isDone) {
                memcpy(buffer, tail->bytes, tail->length);
                ssize_t got = recv(tail->descriptor, buffer + tail->length, readMax, 0);
                if (got < 0) {
                    if (errno != EAGAIN) result = errno;
                    break;
                }
                if (got == 0) {
                    result = -1;
                    break;
                }
                int total = tail->length + (int)got;
                if (memmem(buffer, total, mark, length)) {
                    tail->isDone = 1;
                    waiting--;
                }
                tail->length = total < length - 1 ? total : length - 1;
                memcpy(tail->bytes, buffer + total - tail->length, tail->length);
                if (got < readMax) break;
            }
        }
    }
    free(events), free(buffer), free(tails);
    if (poll >= 0) close(poll);
    return result;
}
