internal import DirectoryTree
internal import Foundation
internal import Glibc

/// Removal of what a task has left, whatever modes and names it gave its directories, and however deep they are.
enum StubbornTree {
    /// Removes a file, or a directory with all that is in it. Where that is forbidden, directories of this process's own
    /// user are opened first; those of others stay. Blocks. Nothing may change the tree meanwhile.
    ///
    /// - Throws: why something is left.
    static func remove(_ path: String) throws {
        if unlink(path) == 0 || errno == ENOENT { return }
        fchmodat(AT_FDCWD, path, 0o700, AT_SYMLINK_NOFOLLOW)
        _ = empty(path)
        if rmdir(path) == 0 || errno == ENOENT { return }
        // It also gets at what can't be moved, such as a subvolume of btrfs, and finds the words.
        try FileManager.default.removeItem(atPath: path)
    }

    /// Removes what is in a directory, in the same way, but for the entry named `kept`. Blocks.
    ///
    /// - Returns: whether nothing else is in it; false also when it can't be listed.
    static func empty(_ path: String, keeping kept: String? = nil) -> Bool {
        let root = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard root >= 0 else { return false }
        defer { close(root) }
        var sweep = TreeSweep(keeping: Set([kept].compactMap { $0.map { Array($0.utf8CString) } }))
        for _ in 0..<mostSteps {
            var budget = entriesAtOnce
            switch sweep.step(in: root, budget: &budget) {
            case .more: continue
            case .done: return sweep.stubborn.isEmpty
            case .unreadable: return false
            }
        }
        return false
    }

    /// A step may go one level deeper; more can only be left by somebody who is still at it.
    private static let mostSteps = 1_000_000
    private static let entriesAtOnce = 1 << 20
}
