/*
 * A disk that loses its power.
 *
 * As a library, preloaded into the program called POWERCUT_PROGRAM (default: cfg), it keeps beside the files of POWERCUT_DIRECTORY what a
 * disk would be bound to have of them: in POWERCUT_LOG one file `ino-N` for each file N, brought up to date only by fsync and fdatasync of
 * that file, and `names`, the directory, brought up to date only by fsync of the directory. Kill the program, and the power is gone.
 *
 *     cc -shared -fPIC -O1 -o powercut.so powercut.c -ldl -lpthread
 *
 * As a program it then makes the directory what the disk has:
 *
 *     cc -DPOWERCUT_RECOVER -O1 -o powercut powercut.c
 *     powercut DIRECTORY LOG [SEED]
 *
 * Without a seed nothing that was not synchronised is there. With one, a sector of 512 bytes, a length or a name that was not may be there or
 * not, each for itself, as a disk may have written in any order.
 *
 * With POWERCUT_IGNORE_SYNC=1 synchronising succeeds and does nothing.
 *
 * Files that end in -shm are SQLite's shared memory, which no power cut leaves; they are removed. Subdirectories and writes through
 * mappings are not followed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { files_max = 4096, names_max = 256 };

static void fail(const char *what, const char *path) {
    fprintf(stderr, "powercut: %s %s: %s\n", what, path, strerror(errno));
    _exit(99);
}

static int is_ignored(const char *name) {
    size_t length = strlen(name);
    return length >= 4 && strcmp(name + length - 4, "-shm") == 0;
}

#ifndef POWERCUT_RECOVER

struct file {
    dev_t device;
    ino_t number;
    /* Of ours, never closed: so the number is not given to another file, and no lock of the program's is dropped. */
    int live;
    int shadow;
    /* What was written since it was last synchronised: begin <= position < end. */
    off_t begin;
    off_t end;
};

static struct file files[files_max];
static int file_count;
static int is_active;
static int ignores_sync;
static char directory[PATH_MAX];
static char log_directory[PATH_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*next_write)(int, const void *, size_t);
static ssize_t (*next_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*next_writev)(int, const struct iovec *, int);
static ssize_t (*next_pwritev)(int, const struct iovec *, int, off_t);
static int (*next_ftruncate)(int, off_t);
static int (*next_fallocate)(int, int, off_t, off_t);
static int (*next_fsync)(int);
static int (*next_fdatasync)(int);

static void *next(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) {
        errno = ENOSYS;
        fail("no function", name);
    }
    return function;
}

static struct file *find(const struct stat *status) {
    for (int i = 0; i < file_count; i++)
        if (files[i].number == status->st_ino && files[i].device == status->st_dev) return &files[i];
    return NULL;
}

/* Begins to follow a file, of which the disk has nothing yet. `live` is kept. */
static struct file *follow(int live, const struct stat *status) {
    char path[PATH_MAX + 64];
    if (file_count == files_max) {
        errno = ENFILE;
        fail("too many files in", directory);
    }
    snprintf(path, sizeof path, "%s/ino-%ju", log_directory, (uintmax_t)status->st_ino);
    int shadow = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (live < 0 || shadow < 0) fail("cannot follow", path);
    struct file *file = &files[file_count++];
    *file = (struct file){status->st_dev, status->st_ino, live, shadow, 0, status->st_size};
    return file;
}

/* The file behind a descriptor, if it lies in the directory. */
static struct file *file_of(int descriptor) {
    struct stat status;
    char link[64], path[PATH_MAX];
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return NULL;
    struct file *file = find(&status);
    if (file) return file;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    size_t prefix = strlen(directory);
    if (length <= (ssize_t)prefix) return NULL;
    path[length] = 0;
    if (strncmp(path, directory, prefix) != 0 || path[prefix] != '/' || strchr(path + prefix + 1, '/')) return NULL;
    if (is_ignored(path)) return NULL;
    return follow(open(link, O_RDWR | O_CLOEXEC), &status);
}

static void note(struct file *file, off_t begin, off_t end) {
    if (file->begin == file->end) {
        file->begin = begin;
        file->end = end;
        return;
    }
    if (begin < file->begin) file->begin = begin;
    if (end > file->end) file->end = end;
}

static void synchronise(struct file *file) {
    static char buffer[1 << 16];
    struct stat status;
    if (fstat(file->live, &status) != 0) fail("cannot read", directory);
    if (next_ftruncate(file->shadow, status.st_size) != 0) fail("cannot write", log_directory);
    while (file->begin < file->end && file->begin < status.st_size) {
        off_t left = file->end - file->begin;
        ssize_t count = pread(file->live, buffer, left < (off_t)sizeof buffer ? (size_t)left : sizeof buffer, file->begin);
        if (count < 0) fail("cannot read", directory);
        if (count == 0) break;
        if (next_pwrite(file->shadow, buffer, count, file->begin) != count) fail("cannot write", log_directory);
        file->begin += count;
    }
    file->begin = file->end = 0;
}

/* Writes down which names stand in the directory now. `is_whole`: what they name is on the disk, too. */
static void synchronise_names(int is_whole) {
    char path[PATH_MAX + 512], names[PATH_MAX + 16], draft[PATH_MAX + 16];
    snprintf(names, sizeof names, "%s/names", log_directory);
    snprintf(draft, sizeof draft, "%s/names.new", log_directory);
    int output = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    DIR *stream = opendir(directory);
    if (output < 0 || !stream) fail("cannot list", directory);
    for (struct dirent *entry; (entry = readdir(stream));) {
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (is_ignored(entry->d_name) || lstat(path, &status) != 0 || !S_ISREG(status.st_mode)) continue;
        struct file *file = find(&status);
        if (!file) file = follow(open(path, O_RDWR | O_CLOEXEC), &status);
        if (is_whole) synchronise(file);
        char line[512];
        int length = snprintf(line, sizeof line, "%ju %s\n", (uintmax_t)status.st_ino, entry->d_name);
        if (next_write(output, line, length) != length) fail("cannot write", draft);
    }
    closedir(stream);
    close(output);
    if (rename(draft, names) != 0) fail("cannot write", names);
}

static int is_directory(int descriptor) {
    struct stat own, status;
    return fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode) && stat(directory, &own) == 0
        && own.st_ino == status.st_ino && own.st_dev == status.st_dev;
}

__attribute__((constructor)) static void begin(void) {
    next_write = next("write");
    next_pwrite = next("pwrite64");
    next_writev = next("writev");
    next_pwritev = next("pwritev64");
    next_ftruncate = next("ftruncate64");
    next_fallocate = next("fallocate64");
    next_fsync = next("fsync");
    next_fdatasync = next("fdatasync");
    const char *program = getenv("POWERCUT_PROGRAM");
    const char *watched = getenv("POWERCUT_DIRECTORY");
    const char *log = getenv("POWERCUT_LOG");
    const char *ignore = getenv("POWERCUT_IGNORE_SYNC");
    if (!watched || !log || strcmp(program_invocation_short_name, program ? program : "cfg") != 0) return;
    if (!realpath(watched, directory) || !realpath(log, log_directory)) fail("no directory", watched);
    /* What is there at the beginning is on the disk. */
    synchronise_names(1);
    ignores_sync = ignore && *ignore == '1';
    is_active = 1;
}

/* Runs `call` and notes `count` bytes from `position` as written; the end of what was written is the descriptor's place for -1. */
#define NOTED(descriptor, position, call)                                                    \
    do {                                                                                     \
        if (!is_active) return call;                                                         \
        pthread_mutex_lock(&lock);                                                           \
        struct file *file = file_of(descriptor);                                             \
        ssize_t count = call;                                                                \
        int error = errno;                                                                   \
        if (file && count > 0) {                                                             \
            off_t start = (position) >= 0 ? (position) : lseek(descriptor, 0, SEEK_CUR) - count; \
            note(file, start, start + count);                                                \
        }                                                                                    \
        pthread_mutex_unlock(&lock);                                                         \
        errno = error;                                                                       \
        return count;                                                                        \
    } while (0)

/* A pipe may be written while another thread waits in a write to one: only regular files are written under the lock. */
static int is_regular(int descriptor) {
    struct stat status;
    return is_active && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    if (!next_write) next_write = next("write");
    if (!is_regular(descriptor)) return next_write(descriptor, bytes, length);
    NOTED(descriptor, (off_t)-1, next_write(descriptor, bytes, length));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t position) {
    NOTED(descriptor, position, next_pwrite(descriptor, bytes, length, position));
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t position) {
    NOTED(descriptor, position, next_pwrite(descriptor, bytes, length, position));
}

ssize_t writev(int descriptor, const struct iovec *parts, int count_of_parts) {
    if (!next_writev) next_writev = next("writev");
    if (!is_regular(descriptor)) return next_writev(descriptor, parts, count_of_parts);
    NOTED(descriptor, (off_t)-1, next_writev(descriptor, parts, count_of_parts));
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count_of_parts, off64_t position) {
    NOTED(descriptor, position, next_pwritev(descriptor, parts, count_of_parts, position));
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count_of_parts, off_t position) {
    NOTED(descriptor, position, next_pwritev(descriptor, parts, count_of_parts, position));
}

static int resized(int descriptor, off_t length) {
    if (!is_active) return next_ftruncate(descriptor, length);
    pthread_mutex_lock(&lock);
    struct file *file = file_of(descriptor);
    struct stat before;
    int has_size = fstat(descriptor, &before) == 0;
    int result = next_ftruncate(descriptor, length);
    int error = errno;
    /* Bytes cut off and later written anew lie between the two lengths. */
    if (file && result == 0 && has_size && before.st_size != length)
        note(file, before.st_size < length ? before.st_size : length, before.st_size < length ? length : before.st_size);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int ftruncate(int descriptor, off_t length) { return resized(descriptor, length); }
int ftruncate64(int descriptor, off64_t length) { return resized(descriptor, length); }

static int allocated(int descriptor, int mode, off_t position, off_t length) {
    if (!is_active) return next_fallocate(descriptor, mode, position, length);
    pthread_mutex_lock(&lock);
    struct file *file = file_of(descriptor);
    int result = next_fallocate(descriptor, mode, position, length);
    int error = errno;
    if (file && result == 0) note(file, position, position + length);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int fallocate(int descriptor, int mode, off_t position, off_t length) {
    return allocated(descriptor, mode, position, length);
}
int fallocate64(int descriptor, int mode, off64_t position, off64_t length) {
    return allocated(descriptor, mode, position, length);
}
int posix_fallocate(int descriptor, off_t position, off_t length) {
    return allocated(descriptor, 0, position, length) == 0 ? 0 : errno;
}
int posix_fallocate64(int descriptor, off64_t position, off64_t length) {
    return allocated(descriptor, 0, position, length) == 0 ? 0 : errno;
}

static int synchronised(int descriptor, int (*call)(int)) {
    if (!is_active) return call(descriptor);
    pthread_mutex_lock(&lock);
    struct file *file = file_of(descriptor);
    int is_ours = file || is_directory(descriptor);
    if (is_ours && !ignores_sync) {
        if (file)
            synchronise(file);
        else
            synchronise_names(0);
    }
    pthread_mutex_unlock(&lock);
    return is_ours ? 0 : call(descriptor);
}

int fsync(int descriptor) { return synchronised(descriptor, next_fsync); }
int fdatasync(int descriptor) { return synchronised(descriptor, next_fdatasync); }

#else

struct name {
    char text[256];
    uintmax_t number;
};

struct bytes {
    char *start;
    size_t length;
};

static uint64_t seed;

/* xorshift64*; always false without a seed. */
static int coin(void) {
    if (!seed) return 0;
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (int)((seed * 0x2545F4914F6CDD1DULL) >> 63);
}

static struct bytes read_file(const char *path) {
    struct bytes bytes = {NULL, 0};
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        if (errno == ENOENT) return bytes;
        fail("cannot read", path);
    }
    if (fstat(descriptor, &status) != 0) fail("cannot read", path);
    bytes.start = calloc(1, (size_t)status.st_size + 1);
    while (bytes.start && bytes.length < (size_t)status.st_size) {
        ssize_t count = pread(descriptor, bytes.start + bytes.length, (size_t)status.st_size - bytes.length, (off_t)bytes.length);
        if (count <= 0) fail("cannot read", path);
        bytes.length += (size_t)count;
    }
    close(descriptor);
    return bytes;
}

/* Each sector, and the length, as synchronised or as last written. */
static struct bytes mixed(struct bytes synced, struct bytes live) {
    size_t sector = 512;
    struct bytes result = {NULL, coin() ? live.length : synced.length};
    result.start = calloc(1, result.length + 1);
    for (size_t at = 0; at < result.length; at += sector) {
        struct bytes *source = coin() ? &live : &synced;
        size_t end = at + sector < result.length ? at + sector : result.length;
        if (end > source->length) end = source->length;
        if (at < end) memcpy(result.start + at, source->start + at, end - at);
    }
    return result;
}

static struct name *find(struct name *names, int count, const char *text) {
    for (int i = 0; i < count; i++)
        if (strcmp(names[i].text, text) == 0) return &names[i];
    return NULL;
}

int main(int argc, char **argv) {
    static struct name synced[names_max], live[names_max];
    static struct bytes contents[2 * names_max];
    static char *places[2 * names_max];
    int synced_count = 0, live_count = 0, count = 0;
    char path[PATH_MAX + 512];
    if (argc < 3) {
        fprintf(stderr, "usage: powercut DIRECTORY LOG [SEED]\n");
        return 2;
    }
    if (argc > 3) seed = strtoull(argv[3], NULL, 10) * 0x9E3779B97F4A7C15ULL;

    snprintf(path, sizeof path, "%s/names", argv[2]);
    FILE *list = fopen(path, "r");
    if (!list) fail("cannot read", path);
    while (synced_count < names_max
        && fscanf(list, "%ju %255[^\n]", &synced[synced_count].number, synced[synced_count].text) == 2)
        synced_count++;
    fclose(list);

    DIR *stream = opendir(argv[1]);
    if (!stream) fail("cannot list", argv[1]);
    for (struct dirent *entry; (entry = readdir(stream));) {
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode)) continue;
        if (is_ignored(entry->d_name)) {
            unlink(path);
        } else if (live_count < names_max) {
            struct name *name = &live[live_count++];
            snprintf(name->text, sizeof name->text, "%s", entry->d_name);
            name->number = status.st_ino;
        }
    }
    closedir(stream);

    for (int pass = 0; pass < 2; pass++) {
        struct name *names = pass == 0 ? synced : live;
        for (int i = 0; i < (pass == 0 ? synced_count : live_count); i++) {
            struct name *then = find(synced, synced_count, names[i].text), *now = find(live, live_count, names[i].text);
            if (pass == 1 && then) continue;
            struct name *chosen = then;
            if (!then || !now || then->number != now->number) chosen = coin() ? now : then;
            if (!chosen) continue;
            snprintf(path, sizeof path, "%s/ino-%ju", argv[2], chosen->number);
            struct bytes content = read_file(path);
            if (seed && now && chosen->number == now->number) {
                snprintf(path, sizeof path, "%s/%s", argv[1], now->text);
                content = mixed(content, read_file(path));
            }
            contents[count] = content;
            places[count++] = names[i].text;
        }
    }
    for (int i = 0; i < live_count; i++) {
        snprintf(path, sizeof path, "%s/%s", argv[1], live[i].text);
        if (unlink(path) != 0) fail("cannot remove", path);
    }
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", argv[1], places[i]);
        int output = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (output < 0) fail("cannot make", path);
        for (size_t written = 0; written < contents[i].length;) {
            ssize_t more = write(output, contents[i].start + written, contents[i].length - written);
            if (more <= 0) fail("cannot write", path);
            written += (size_t)more;
        }
        close(output);
    }
    return 0;
}

#endif
