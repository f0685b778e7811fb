/* What of SQLite's interface Swift cannot call: functions with a variable number of arguments. */

int sqlite3_config(int option, ...);

/* Counts no memory, and so takes no lock of the whole process for each allocation (SQLITE_CONFIG_MEMSTATUS). Heard only before SQLite's first use. */
static inline void cfg_sqlite3_forgo_memory_statistics(void) { (void)sqlite3_config(9, 0); }
