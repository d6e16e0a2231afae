internal import Glibc
internal import TaskModel

/// Which file or directory a path led to, whatever it is called now.
struct MountIdentity: Sendable, Equatable {
    var device: UInt64
    var inode: UInt64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// What is at a path now; `nil` when there is nothing or it can't be told. Blocks.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// What a container has at a mount's target, seen through its first process; `nil` when this process may not look
    /// there, or a link in the image leads there, which from here would lead elsewhere. Blocks.
    init?(target: String, inContainerOf pid: Int32) {
        var path = "/proc/\(pid)/root"
        var status = stat()
        for name in target.split(separator: "/") {
            path += "/\(name)"
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFLNK else { return nil }
        }
        self.init(status)
    }
}
