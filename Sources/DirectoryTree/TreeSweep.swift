internal import Glibc

/// Empties a directory, a bounded piece at a time. Follows no links, and takes names as the kernel has them. Nothing else
/// may change what is in it meanwhile.
///
/// A directory in a directory is moved up before it is emptied itself: three descriptors are enough, and no path grows too
/// long, however deep directories are nested.
package struct TreeSweep {
    /// What a step has come to.
    package enum Progress {
        /// There is more to do.
        case more
        /// Everything that can be removed is gone.
        case done
        /// The directory can't be listed.
        case unreadable
    }

    /// What would not go: somebody else's.
    package private(set) var stubborn: Set<[CChar]> = []
    private let kept: Set<[CChar]>
    private var moved = 0

    private enum Emptied { case gone, more, stays }

    /// Begins; entries named in `kept`, with their final NUL, stay.
    package init(keeping kept: Set<[CChar]> = []) { self.kept = kept }

    /// Removes up to `budget` entries of the open directory `root` and of those in it, and takes them off the budget.
    package mutating func step(in root: Int32, budget: inout Int) -> Progress {
        let listed = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard listed >= 0 else { return .unreadable }
        guard let directory = fdopendir(listed) else {
            close(listed)
            return .unreadable
        }
        defer { closedir(directory) }
        var movedUp = false
        while let entry = DirectoryNames.next(directory) {
            if kept.contains(entry.name) || stubborn.contains(entry.name) { continue }
            guard budget > 0 else { return .more }
            budget -= 1
            if !entry.isDirectory, unlinkat(root, entry.name, 0) == 0 { continue }
            if unlinkat(root, entry.name, AT_REMOVEDIR) == 0 { continue }
            let before = moved
            switch empty(root, entry.name, &budget) {
            case .gone: break
            case .more: return .more
            case .stays: stubborn.insert(entry.name)
            }
            movedUp = movedUp || moved > before
        }
        // What was moved up may or may not have been seen by this listing.
        return movedUp ? .more : .done
    }

    /// Empties and removes the directory `name` of `root`.
    private mutating func empty(_ root: Int32, _ name: [CChar], _ budget: inout Int) -> Emptied {
        // Where its owner is who runs this, whatever mode it has can be changed.
        fchmodat(root, name, 0o700, AT_SYMLINK_NOFOLLOW)
        let descriptor = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return .stays }
        guard let directory = fdopendir(descriptor) else {
            close(descriptor)
            return .stays
        }
        defer { closedir(directory) }
        while let entry = DirectoryNames.next(directory) {
            guard budget > 0 else { return .more }
            budget -= 1
            if !entry.isDirectory, unlinkat(descriptor, entry.name, 0) == 0 { continue }
            if unlinkat(descriptor, entry.name, AT_REMOVEDIR) == 0 { continue }
            // Moving a directory writes its `..`, so it must be writable itself.
            fchmodat(descriptor, entry.name, 0o700, AT_SYMLINK_NOFOLLOW)
            // Random, so that nothing is there already, not even by intent.
            let place = ".acode-sweep-\(UInt64.random(in: 0 ... .max))"
            guard renameat(descriptor, entry.name, root, place) == 0 else { return .stays }
            moved += 1
        }
        return unlinkat(root, name, AT_REMOVEDIR) == 0 ? .gone : .stays
    }
}
