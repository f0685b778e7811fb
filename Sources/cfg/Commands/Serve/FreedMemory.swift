import Foundation

/// glibc gives memory back to the kernel whenever more than 128 kB at the top of an arena are free, which is after almost every group of
/// changes, and then asks for it again page by page.
enum FreedMemory {
    /// Keeps up to 32 MB of it for the next use. Does nothing where there is no such allocator.
    static func keep() {
        #if os(Linux)
            typealias SetOption = @convention(c) (Int32, Int32) -> Int32
            guard let symbol = dlsym(nil, "mallopt") else { return }
            let setOption = unsafeBitCast(symbol, to: SetOption.self)
            // M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h; the first alone would pin the second at 128 kB.
            _ = setOption(-1, 32 << 20)
            _ = setOption(-3, 4 << 20)
        #endif
    }
}
