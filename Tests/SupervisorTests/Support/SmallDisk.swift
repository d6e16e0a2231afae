import Foundation
import Glibc

/// A tmpfs of 1 MiB, gone with the value.
final class SmallDisk: Sendable {
    struct NotMounted: Error {}

    let path = "/tmp/acs-disk-\(UInt32.random(in: 0 ... .max))"

    /// Whether this process may mount at all: tried once.
    static let isPossible = (try? SmallDisk()) != nil

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0 else {
            rmdir(path)
            throw NotMounted()
        }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }

    /// Bytes that are still free.
    var free: Int {
        var status = statvfs()
        return statvfs(path, &status) == 0 ? Int(status.f_bavail) * Int(status.f_bsize) : 0
    }

    /// Fills the disk but for `rest` bytes with one file.
    func fill(leaving rest: Int) throws {
        try Data(count: max(0, free - rest)).write(to: URL(fileURLWithPath: "\(path)/ballast"))
    }

    /// Makes room again.
    func empty() { unlink("\(path)/ballast") }
}
