/*
 * A VFS that writes the write-ahead log a transaction at a time.
 *
 * SQLite writes each page of the log with two calls, one for 24 bytes of header and one for the page. Here they are gathered and written
 * with one, at the latest with the frame that commits, so that nothing of a committed transaction is ever held back: SQLite synchronises
 * the log after that frame, and only then shows it to other connections. What a transaction that is not committed spills into the log is
 * read by its own connection only, through the same file, which writes what is gathered first; what is still gathered when the connection
 * gives back the right to write is forgotten, for it was rolled back.
 *
 * Everything else goes to the system's own VFS unaltered. The format of the log: https://www.sqlite.org/fileformat2.html#walformat
 */

#include "CSQLite.h"

#include <sqlite3.h>
#include <string.h>

enum {
    frame_header_size = 24,
    /* SQLite's own VFS for Unix writes less than 128 KiB with one call, as no page is larger than half of that. */
    gathered_max = 127 << 10,
};

typedef struct log_file log_file;

/* What is kept of a database's file, behind the system's own. */
typedef struct {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *next;
    log_file *log;
} database_part;

struct log_file {
    sqlite3_file base;
    /* The system's file. It lies behind this. */
    sqlite3_file *next;
    database_part *database;
    /* What is gathered, to be written at `begin`; NULL until there is something, for most files are only read. */
    unsigned char *gathered;
    int count;
    sqlite3_int64 begin;
    /* The end of all that was written or gathered since the log began anew. */
    sqlite3_int64 end;
    /* Whether the header that was written last is that of a frame that ends a transaction. */
    int commits;
    /*
     * Whether what was gathered could not be written. Nothing of it may be read, and nothing be written behind it; whoever begins a
     * transaction anew writes over it.
     */
    int lost;
};

static sqlite3_vfs *system_vfs;

static sqlite3_file *next(sqlite3_file *file) { return ((log_file *)file)->next; }

/* Writes what is gathered. */
static int flush(log_file *log) {
    if (log->count == 0) return SQLITE_OK;
    int result = log->next->pMethods->xWrite(log->next, log->gathered, log->count, log->begin);
    log->count = 0;
    log->lost = result != SQLITE_OK;
    return result;
}

static int log_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 position) {
    log_file *log = (log_file *)file;
    if (log->lost) {
        /* A page alone is written over one that stands there: a transaction goes on of which something is missing. */
        int is_appended = count == frame_header_size || position == 0;
        if (position > log->begin || !is_appended) return SQLITE_IOERR_WRITE;
        log->lost = 0;
        log->end = position;
    }
    /* The size of the database after a commit, and 0 in every other frame. */
    if (count == frame_header_size) log->commits = memcmp((const char *)bytes + 4, "\0\0\0\0", 4) != 0;
    if (position != log->begin + log->count || count > gathered_max - log->count) {
        int result = flush(log);
        if (result != SQLITE_OK) return result;
    }
    if (position == 0) log->end = 0;
    int is_written_over = position < log->end;
    if (log->end < position + count) log->end = position + count;
    if (log->gathered == NULL) log->gathered = sqlite3_malloc(gathered_max);
    /* What is written over (a checksum that has to be made anew, after the frame that commits) goes where it belongs at once. */
    if (is_written_over || log->gathered == NULL || count > gathered_max) {
        return next(file)->pMethods->xWrite(next(file), bytes, count, position);
    }
    if (log->count == 0) log->begin = position;
    memcpy(log->gathered + log->count, bytes, count);
    log->count += count;
    return count != frame_header_size && log->commits ? flush(log) : SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 position) {
    log_file *log = (log_file *)file;
    if (log->lost && position + count > log->begin) return SQLITE_IOERR_READ;
    /* Not that the disk is full, after which SQLite might undo a statement only: of the transaction something is missing. */
    if (flush(log) != SQLITE_OK) return SQLITE_IOERR_WRITE;
    return next(file)->pMethods->xRead(next(file), bytes, count, position);
}

static int log_close(sqlite3_file *file) {
    /* Of a transaction that was not committed, if anything: it need not be there. */
    sqlite3_free(((log_file *)file)->gathered);
    ((log_file *)file)->database->log = NULL;
    return next(file)->pMethods->xClose(next(file));
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return flush((log_file *)file) ?: next(file)->pMethods->xTruncate(next(file), size);
}

static int log_sync(sqlite3_file *file, int flags) {
    return flush((log_file *)file) ?: next(file)->pMethods->xSync(next(file), flags);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size) {
    return flush((log_file *)file) ?: next(file)->pMethods->xFileSize(next(file), size);
}

static int log_lock(sqlite3_file *file, int level) { return next(file)->pMethods->xLock(next(file), level); }

static int log_unlock(sqlite3_file *file, int level) { return next(file)->pMethods->xUnlock(next(file), level); }

static int log_check_lock(sqlite3_file *file, int *result) {
    return next(file)->pMethods->xCheckReservedLock(next(file), result);
}

static int log_control(sqlite3_file *file, int operation, void *argument) {
    return next(file)->pMethods->xFileControl(next(file), operation, argument);
}

static int log_sector_size(sqlite3_file *file) { return next(file)->pMethods->xSectorSize(next(file)); }

static int log_characteristics(sqlite3_file *file) { return next(file)->pMethods->xDeviceCharacteristics(next(file)); }

/* Version 1: a log is neither shared memory nor mapped. */
static const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_check_lock,
    .xFileControl = log_control,
    .xSectorSize = log_sector_size,
    .xDeviceCharacteristics = log_characteristics,
};

static database_part *part(sqlite3_file *file) {
    return (database_part *)((char *)file + (system_vfs->szOsFile + 15) / 16 * 16);
}

static int database_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    database_part *database = part(file);
    /*
     * The lock of whoever writes, the first, is given back. What is still gathered was rolled back: another connection may write there
     * from now on.
     */
    if (database->log && offset == 0 && flags & SQLITE_SHM_UNLOCK && flags & SQLITE_SHM_EXCLUSIVE) {
        database->log->count = database->log->lost = 0;
        database->log->end = 0;
    }
    return database->next->xShmLock(file, offset, count, flags);
}

static int open_database(const char *name, sqlite3_file *file, int flags, int *flags_out) {
    database_part *database = part(file);
    memset(database, 0, sizeof *database);
    int result = system_vfs->xOpen(system_vfs, name, file, flags, flags_out);
    if (result == SQLITE_OK && file->pMethods && file->pMethods->iVersion > 1) {
        database->next = file->pMethods;
        database->methods = *database->next;
        database->methods.xShmLock = database_shm_lock;
        file->pMethods = &database->methods;
    }
    return result;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out) {
    (void)vfs;
    if (flags & SQLITE_OPEN_MAIN_DB) return open_database(name, file, flags, flags_out);
    sqlite3_file *database = flags & SQLITE_OPEN_WAL ? sqlite3_database_file_object(name) : NULL;
    /* Without the last, SQLite fills the sector after a commit, and cuts what it writes in two. */
    if (database == NULL || part(database)->next == NULL
        || !(database->pMethods->xDeviceCharacteristics(database) & SQLITE_IOCAP_POWERSAFE_OVERWRITE)) {
        return system_vfs->xOpen(system_vfs, name, file, flags, flags_out);
    }
    log_file *log = (log_file *)file;
    memset(log, 0, sizeof *log);
    log->next = (sqlite3_file *)(log + 1);
    log->database = part(database);
    int result = system_vfs->xOpen(system_vfs, name, log->next, flags, flags_out);
    /* What has no methods is not closed. */
    if (log->next->pMethods) {
        log->base.pMethods = &log_methods;
        log->database->log = log;
    }
    return result;
}

int cfg_sqlite3_prepare(void) {
    static sqlite3_vfs vfs;
    /* Refused where SQLite is in use already: then it counts, which is slower and harms nobody. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    int result = sqlite3_initialize();
    if (result != SQLITE_OK) return result;
    system_vfs = sqlite3_vfs_find(NULL);
    if (system_vfs == NULL) return SQLITE_ERROR;
    vfs = *system_vfs;
    vfs.pNext = NULL;
    vfs.zName = "cfg";
    vfs.szOsFile = (int)(sizeof(log_file) + sizeof(database_part)) + (system_vfs->szOsFile + 15) / 16 * 16;
    vfs.xOpen = open_file;
    return sqlite3_vfs_register(&vfs, 1);
}
