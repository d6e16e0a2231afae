import CAgentSystem
import Glibc

/// Empties the scratch places after a task, a bounded piece at a time, so that the agent goes on answering. Nothing of
/// the task is alive any more, so nobody races with it.
///
/// A directory in a directory is moved up before it is emptied itself: two descriptors are enough, however deep a task
/// has nested them.
struct ScratchSweep {
    /// What a step has come to.
    enum Progress {
        /// There is more to do.
        case more
        /// Everything that can be removed is gone.
        case clean
        /// It takes too long.
        case hopeless
    }

    /// How long it may take altogether.
    static let patience = Nanos.seconds(30)
    private static let entriesAtOnce = 512

    private let scratch: ScratchPlaces
    private let deadline: Nanos
    private var index = 0
    private var moved = 0
    private var budget = 0
    /// What would not go in the present place: somebody else's.
    private var stubborn: Set<[CChar]> = []

    /// Begins at `now`.
    init(_ scratch: ScratchPlaces, now: Nanos) {
        self.scratch = scratch
        deadline = now + Self.patience
    }

    /// Removes up to some hundred entries.
    mutating func step(now: Nanos) -> Progress {
        guard now < deadline else { return .hopeless }
        budget = Self.entriesAtOnce
        while index < scratch.places.count {
            guard sweep(scratch.places[index]) else { return .more }
            index += 1
            stubborn = []
        }
        if scratch.ownsIPC { cagent_remove_ipc() }
        return .clean
    }

    /// - Returns: whether the place is done, before the budget was used up.
    private mutating func sweep(_ place: ScratchPlaces.Place) -> Bool {
        guard let directory = opendir(place.path) else { return true }
        defer { closedir(directory) }
        let root = dirfd(directory)
        var movedUp = false
        while let entry = DirectoryNames.next(directory) {
            if place.kept.contains(entry.name) || stubborn.contains(entry.name) { continue }
            guard budget > 0 else { return false }
            budget -= 1
            if !entry.isDirectory, unlinkat(root, entry.name, 0) == 0 { continue }
            if unlinkat(root, entry.name, AT_REMOVEDIR) == 0 { continue }
            let before = moved
            switch empty(root, entry.name) {
            case .clean: break
            case .more: return false
            case .hopeless: stubborn.insert(entry.name)
            }
            movedUp = movedUp || moved > before
        }
        // What was moved up may or may not have been seen by this listing.
        return !movedUp
    }

    /// Empties and removes the directory `name` of `root`.
    private mutating func empty(_ root: Int32, _ name: [CChar]) -> Progress {
        // Its owner is who runs the agent, so that whatever mode it has can be changed.
        fchmodat(root, name, 0o700, AT_SYMLINK_NOFOLLOW)
        let descriptor = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return .hopeless }
        guard let directory = fdopendir(descriptor) else {
            close(descriptor)
            return .hopeless
        }
        defer { closedir(directory) }
        while let entry = DirectoryNames.next(directory) {
            guard budget > 0 else { return .more }
            budget -= 1
            if !entry.isDirectory, unlinkat(descriptor, entry.name, 0) == 0 { continue }
            if unlinkat(descriptor, entry.name, AT_REMOVEDIR) == 0 { continue }
            // Moving a directory writes its `..`, so it must be writable itself.
            fchmodat(descriptor, entry.name, 0o700, AT_SYMLINK_NOFOLLOW)
            moved += 1
            // Random, so that nothing is there already, not even by intent.
            let place = ".acode-sweep-\(UInt64.random(in: 0 ... .max))"
            guard renameat(descriptor, entry.name, root, place) == 0 else { return .hopeless }
        }
        return unlinkat(root, name, AT_REMOVEDIR) == 0 ? .clean : .hopeless
    }
}
