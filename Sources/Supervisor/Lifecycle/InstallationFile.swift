internal import Foundation
internal import Glibc
internal import TaskModel

/// The identity of a state directory, on disk: random, made at the first start, and made anew for a copy. Engines and stores
/// may be shared by several installations, and none may touch what is another's. Blocks for a few system calls.
struct InstallationFile {
    /// What was found or made.
    struct Identity: Equatable {
        var id: String
        /// Why it is another than the directory had; `nil` when it isn't.
        var renewal: String?
    }

    let directory: String
    /// Files that may hold the machine's id.
    var machineFiles = ["/etc/machine-id", "/var/lib/dbus/machine-id"]

    private var file: String { "\(directory)/installation-id" }
    private var homeFile: String { "\(directory)/installation-home" }

    /// The identity, if there is one, without looking where it comes from.
    var id: String? { Self.words(in: file) }

    /// The identity, made or renewed if need be. Supervisors of several pools may ask at the same time.
    ///
    /// - Throws: `state_unusable`.
    func settle() throws(SupervisorError) -> Identity {
        let lock = open("\(directory)/installation-lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw Self.unwritable("\(directory)/installation-lock", String(cString: strerror(errno)))
        }
        defer { close(lock) }
        // Held for a few system calls. It orders first starts; a file system without locks is no reason to give up.
        _ = flock(lock, LOCK_EX)
        guard let id, let here = home else { return Identity(id: try make()) }
        let recorded = (try? String(contentsOfFile: homeFile, encoding: .utf8)).flatMap(InstallationHome.init)
        let original = recorded.map { $0.path != here.path && Self.words(in: "\($0.path)/installation-id") == id }
        switch here.judge(recorded: recorded, original: original ?? false) {
        case .keep: return Identity(id: id)
        case .note:
            try write(here.text, to: homeFile)
            return Identity(id: id)
        case .renew(let reason): return Identity(id: try make(), renewal: reason)
        }
    }

    private func make() throws(SupervisorError) -> String {
        let id = SupervisorID.next().rawValue
        // A crash between the two leaves an identity whose home is another's, which is renewed.
        try write("\(id)\n", to: file)
        if let home { try write(home.text, to: homeFile) }
        return id
    }

    private var home: InstallationHome? {
        var info = stat()
        guard stat(file, &info) == 0 else { return nil }
        let path = realpath(directory, nil)
        defer { free(path) }
        return InstallationHome(
            machine: machineFiles.lazy.compactMap(Self.words).first { $0 != "uninitialized" },
            inode: UInt64(info.st_ino), path: path.map { String(cString: $0) } ?? directory)
    }

    private func write(_ text: String, to path: String) throws(SupervisorError) {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw Self.unwritable(path, error.localizedDescription)
        }
    }

    private static func unwritable(_ path: String, _ cause: String) -> SupervisorError {
        SupervisorError(.stateUnusable, "can't write \(path): \(cause)", hint: "make it writable")
    }

    private static func words(in path: String) -> String? {
        let text = FileManager.default.contents(atPath: path).map {
            String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }
}
