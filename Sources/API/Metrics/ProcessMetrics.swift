#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the process costs, under the names that Prometheus' own clients use. Read when asked for; absent where the
/// system does not say.
enum ProcessMetrics {
    static func update(_ metrics: PrometheusMetrics) {
        if let bytes = residentBytes() { metrics.setGauge("process_resident_memory_bytes", to: bytes) }
        if let count = openFiles() { metrics.setGauge("process_open_fds", to: Double(count)) }
        if let seconds = cpuSeconds() { metrics.setCounter("process_cpu_seconds_total", to: seconds) }
    }

    /// The second field of `/proc/self/statm`, in pages.
    private static func residentBytes() -> Double? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = fread(&buffer, 1, buffer.count, file)
        let fields = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Double(fields[1]) else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func openFiles() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Not counted: ".", ".." and the directory that is being read.
        return count - 3
    }

    #if canImport(Glibc)
        private static let ownUsage = __rusage_who_t(RUSAGE_SELF.rawValue)
    #else
        private static let ownUsage = RUSAGE_SELF
    #endif

    private static func cpuSeconds() -> Double? {
        var usage = rusage()
        guard getrusage(Self.ownUsage, &usage) == 0 else { return nil }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
