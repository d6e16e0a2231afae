internal import Foundation
internal import Glibc
internal import Settings
internal import Supervisor

/// Where a one-off pool keeps its things: a numbered directory, locked while it is used.
///
/// Numbers are used again. When a program was killed, its directory stays, and so do its containers, with the number in
/// their pool's name: whoever takes the number next finds and removes them before it begins.
struct OneOffPlace {
    /// How many can be in use at the same time.
    static let most = 256

    /// The pool's name.
    let pool: String
    /// Its directories: a private state directory, and the common runtime directory.
    let state: StateSettings
    private let descriptor: Int32

    /// Takes the first number that is free. Blocks for some system calls.
    ///
    /// - Throws: when the directories can't be made, or all numbers are in use.
    init(_ base: StateSettings) throws(CommandFailure) {
        let root = "\(base.dir)/run"
        do {
            try FileManager.default.createDirectory(
                atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFailure(
                ExitCodes.internal, "can't make the directory \(root): \(error.localizedDescription)",
                hint: "choose another with --state-dir")
        }
        for number in 1...Self.most {
            let name = "run-\(number)"
            // The lock is beside the directory, so that the directory can be removed under it.
            let file = open("\(root)/\(name).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard file >= 0 else {
                throw CommandFailure(
                    ExitCodes.internal, "can't write to \(root): \(String(cString: strerror(errno)))",
                    hint: "choose another with --state-dir")
            }
            guard flock(file, LOCK_EX | LOCK_NB) == 0, Self.isStill(file, at: "\(root)/\(name).lock") else {
                close(file)
                continue
            }
            pool = name
            state = StateSettings(dir: "\(root)/\(name)", runtimeDir: base.runtimeDir)
            descriptor = file
            return
        }
        throw CommandFailure(ExitCodes.tryAgain, "\(Self.most) one-off pools run already")
    }

    /// Whether a locked file is the one at the path: its last owner may have removed it between `open` and `flock`.
    private static func isStill(_ file: Int32, at path: String) -> Bool {
        var locked = stat()
        var named = stat()
        guard fstat(file, &locked) == 0, stat(path, &named) == 0 else { return false }
        return locked.st_ino == named.st_ino && locked.st_dev == named.st_dev
    }

    /// Removes the directories and lets others have the number. Only to be called when the pool ended in an orderly way.
    func remove() {
        try? FileManager.default.removeItem(atPath: state.dir)
        try? FileManager.default.removeItem(atPath: StateLayout(state: state, pool: pool).runtimeDirectory)
        unlink("\(state.dir).lock")
        close(descriptor)
    }
}
