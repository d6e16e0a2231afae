internal import Foundation
internal import Glibc

/// Removal of what a task has left, whatever modes it gave its directories.
enum StubbornTree {
    /// Removes a file, or a directory with all that is in it. Where that is forbidden, directories of this process's own
    /// user are opened first; those of others stay. Blocks. Nothing may change the tree meanwhile.
    ///
    /// - Throws: why something is left.
    static func remove(_ path: String) throws {
        guard (try? FileManager.default.removeItem(atPath: path)) == nil else { return }
        open(path)
        var status = stat()
        if lstat(path, &status) != 0, errno == ENOENT { return }
        try FileManager.default.removeItem(atPath: path)
    }

    private static func open(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
        chmod(path, 0o700)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] { open("\(path)/\(name)") }
    }
}
