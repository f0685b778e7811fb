/* What of SQLite's interface Swift cannot call, or should not. */

#ifndef CFG_CSQLITE_H
#define CFG_CSQLITE_H

/*
 * Prepares SQLite for this process, before its first use and once: it counts no memory, for which every allocation would take a lock of
 * the whole process (SQLITE_CONFIG_MEMSTATUS), and its write-ahead logs are written a transaction at a time (see log.c).
 * Returns SQLite's result code.
 */
int cfg_sqlite3_prepare(void);

#endif
