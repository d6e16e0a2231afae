internal import Foundation
internal import Glibc
internal import Settings
internal import WorkerPool

/// Whether the directories can be used.
enum DirectoryChecks {
    static func run(_ state: StateSettings) -> [DoctorCheck] {
        [
            writable("state directory", state.dir, option: "--state-dir"),
            freeSpace(state.dir),
            writable("runtime directory", state.runtimeDir, option: "--runtime-dir"),
            memoryOnly(state.runtimeDir),
        ].compactMap { $0 }
    }

    /// Whether a directory is writable, or can be made.
    private static func writable(_ name: String, _ path: String, option: String) -> DoctorCheck {
        let existing = nearestExisting(path)
        guard access(existing, W_OK | X_OK) == 0 else {
            let cause = String(cString: strerror(errno))
            return .fail(
                name, "\(path): \(existing) can't be written: \(cause)",
                fix: "choose another with \(option), or give this user the right to write there")
        }
        return .ok(name, existing == path ? path : "\(path), made at first use")
    }

    private static func freeSpace(_ path: String) -> DoctorCheck? {
        var info = statvfs()
        guard statvfs(nearestExisting(path), &info) == 0 else { return nil }
        let free = UInt64(info.f_bavail) * UInt64(info.f_frsize)
        return judge(free: free)
    }

    static func judge(free: UInt64) -> DoctorCheck {
        let detail = "\(HumanText.bytes(free)) free for tasks, logs and outputs"
        switch free {
        case ..<(100 << 20): return .fail("disk space", detail, fix: "free some, or choose another --state-dir")
        case ..<(1 << 30): return .warn("disk space", detail, fix: "free some, or choose another --state-dir")
        default: return .ok("disk space", detail)
        }
    }

    /// Secrets should never reach a disk: they are in the runtime directory, or in shared memory.
    private static func memoryOnly(_ path: String) -> DoctorCheck? {
        guard let data = FileManager.default.contents(atPath: "/proc/self/mountinfo") else { return nil }
        let type = MountTable.fileSystem(of: path, mountInfo: String(decoding: data, as: UTF8.self))
        guard let type else { return nil }
        guard type == "tmpfs" || type == "ramfs" else {
            let place = SecretsPlace.choose(runtimeDirectory: path, installation: "", pool: "")
            guard case .disk(let reason) = place else {
                return .ok("runtime file system", "\(type); secrets of tasks are in \(SecretsPlace.sharedMemory)")
            }
            return .warn(
                "runtime file system", "\(reason), so secrets of tasks reach a disk",
                fix: "choose a directory on a tmpfs, such as /run or $XDG_RUNTIME_DIR, with --runtime-dir")
        }
        return .ok("runtime file system", type)
    }

    private static func nearestExisting(_ path: String) -> String {
        var path = path
        while path != "/", !path.isEmpty, access(path, F_OK) != 0 {
            path = (path as NSString).deletingLastPathComponent
        }
        return path.isEmpty ? "/" : path
    }
}
