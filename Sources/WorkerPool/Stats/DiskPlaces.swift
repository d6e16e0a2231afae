/// Where a worker's tasks write on this host's disks.
package struct DiskPlaces: Sendable, Equatable {
    /// Emptied after each attempt, so that all that is in it is the attempt's.
    package var fresh: [String]
    /// Kept from attempt to attempt, as the container's own layer is: what changed since the attempt's start counts.
    package var kept: [String]
    /// Bytes that somebody else has counted already.
    package var counted: Int64

    /// Puts paths together.
    package init(fresh: [String] = [], kept: [String] = [], counted: Int64 = 0) {
        self.fresh = fresh
        self.kept = kept
        self.counted = counted
    }

    /// What an attempt that began at `start`, in nanoseconds since 1970, has on disk; a little more than `limit` at most.
    /// Blocks.
    package func use(since start: Int64, limit: Int64) -> Int64 {
        var bytes = counted
        for path in fresh where bytes <= limit {
            var use = DiskUse(limit: limit - bytes)
            use.add(path)
            bytes += use.bytes
        }
        for path in kept where bytes <= limit {
            var use = DiskUse(limit: limit - bytes, changedSince: start)
            use.add(path)
            bytes += use.bytes
        }
        return bytes
    }
}
