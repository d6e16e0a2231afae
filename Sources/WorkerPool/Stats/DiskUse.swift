internal import Glibc

/// How much a directory's tree holds on disk. Blocks, so it runs on a thread of its own.
///
/// Follows no link and leaves no file system. Blocks are counted as the disk has them (`st_blocks`), a file with several
/// names once a name. Files that are deleted and still open are not seen.
package struct DiskUse: Sendable {
    /// Directories deeper than this are not entered: whoever builds such a tree wants to be in the way.
    private static let deepest = 200

    private let limit: Int64
    private let changedSince: Int64?
    /// Bytes found so far.
    package private(set) var bytes: Int64 = 0

    /// Counts at most up to a little more than `limit`; more need not be known. With `changedSince`, in nanoseconds
    /// since 1970, only what was written or made since then.
    package init(limit: Int64, changedSince: Int64? = nil) {
        self.limit = limit
        self.changedSince = changedSince
    }

    /// Adds what is below a directory; one that is missing or can't be read adds nothing.
    package mutating func add(_ path: String) {
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        var own = stat()
        guard fstat(directory, &own) == 0 else {
            close(directory)
            return
        }
        walk(directory, device: own.st_dev, depth: 0)
    }

    /// Takes over the descriptor.
    private mutating func walk(_ descriptor: Int32, device: dev_t, depth: Int) {
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            return
        }
        defer { closedir(stream) }
        while bytes <= limit, let entry = readdir(stream) {
            // Its name is a tuple in Swift, so its place is reached by its offset.
            let name = UnsafeRawPointer(entry).advanced(by: MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
                .assumingMemoryBound(to: CChar.self)
            if name[0] == 0x2E, name[1] == 0 || (name[1] == 0x2E && name[2] == 0) { continue }
            var found = stat()
            guard fstatat(dirfd(stream), name, &found, AT_SYMLINK_NOFOLLOW) == 0, found.st_dev == device else {
                continue
            }
            if isCounted(found) { bytes += Int64(found.st_blocks) * 512 }
            guard found.st_mode & S_IFMT == S_IFDIR, depth < Self.deepest else { continue }
            // Not through a link that took its place meanwhile.
            let inner = openat(dirfd(stream), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            if inner >= 0 { walk(inner, device: device, depth: depth + 1) }
        }
    }

    private func isCounted(_ found: stat) -> Bool {
        let changed = Int64(found.st_ctim.tv_sec) * 1_000_000_000 + Int64(found.st_ctim.tv_nsec)
        return changedSince.map { changed >= $0 } ?? true
    }

    /// Now, by the clock that stamps files, in nanoseconds since 1970.
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
