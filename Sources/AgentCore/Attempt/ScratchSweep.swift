import CAgentSystem
import DirectoryTree
import Glibc

/// Empties the scratch places after a task, a bounded piece at a time, so that the agent goes on answering. Nothing of
/// the task is alive any more, so nobody races with it.
struct ScratchSweep {
    /// What a step has come to.
    enum Progress {
        /// There is more to do.
        case more
        /// Everything that can be removed is gone.
        case clean
        /// It takes too long, or a place can't be looked at.
        case hopeless
    }

    /// How long it may take altogether.
    static let patience = Nanos.seconds(30)
    private static let entriesAtOnce = 512

    private let scratch: ScratchPlaces
    private let deadline: Nanos
    private var index = 0
    private var budget = 0
    /// Of the present place.
    private var tree: TreeSweep?

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
            let progress = sweep(scratch.places[index])
            guard progress == .clean else { return progress }
            index += 1
            tree = nil
        }
        if scratch.ownsIPC { cagent_remove_ipc() }
        return .clean
    }

    private mutating func sweep(_ place: ScratchPlaces.Place) -> Progress {
        guard let root = Self.open(place) else { return .hopeless }
        defer { close(root) }
        var sweep = tree ?? TreeSweep(keeping: place.kept)
        defer { tree = sweep }
        switch sweep.step(in: root, budget: &budget) {
        case .more: return .more
        case .done:
            Self.set(place.mode, of: root)
            return .clean
        case .unreadable: return .hopeless
        }
    }

    /// Opens a place, whatever the task has done to it, so that its owner can remove what is in it.
    private static func open(_ place: ScratchPlaces.Place) -> Int32? {
        var root = Glibc.open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if root < 0 {
            mkdir(place.path, 0o700)
            chmod(place.path, 0o700)
            root = Glibc.open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard root >= 0 else { return nil }
        set(place.mode | 0o700, of: root)
        return root
    }

    private static func set(_ mode: mode_t, of root: Int32) {
        var status = stat()
        if fstat(root, &status) == 0, status.st_mode & 0o7777 != mode { fchmod(root, mode) }
    }
}
