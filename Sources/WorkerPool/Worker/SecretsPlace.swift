internal import Foundation
internal import Glibc

/// Where a pool's secrets are kept while tasks need them: in memory, wherever that can be had. A later supervisor of the
/// same installation and pool comes to the same place.
package enum SecretsPlace: Sendable, Equatable {
    /// In the workers' runtime directories, which are in memory.
    case runtimeDirectory
    /// In this directory, which is in memory: `/dev/shm/acode-<uid>/<installation>/<pool>`.
    case memory(String)
    /// In the workers' runtime directories, which are on a disk, for a reason in plain words.
    case disk(String)

    /// The memory that every Linux has, and that engines see by the same name.
    package static let sharedMemory = "/dev/shm"

    /// The directory of the secrets, where that is not in the runtime directory.
    package var directory: String? {
        if case .memory(let path) = self { path } else { nil }
    }

    /// Chooses; makes nothing. Blocks for a few system calls.
    ///
    /// - Parameters:
    ///   - shared: a directory like `sharedMemory`.
    ///   - mountInfo: what is mounted; `nil` is what the kernel says.
    package static func choose(
        runtimeDirectory: String, installation: String, pool: String, shared: String = sharedMemory,
        mountInfo: String? = nil
    ) -> SecretsPlace {
        let table = mountInfo ?? KernelFile.text("/proc/self/mountinfo") ?? ""
        if mount(of: runtimeDirectory, in: table)?.isInMemory == true { return .runtimeDirectory }
        let memory = mount(of: shared, in: table)
        guard memory?.isInMemory == true, access(shared, W_OK | X_OK) == 0 else {
            return .disk("\(runtimeDirectory) is on a disk, and \(shared) is no memory that can be written to")
        }
        // That is what engines call the memory of a container; they would look for the directory in the host's.
        guard memory?.source != "shm" else {
            return .disk("\(runtimeDirectory) is on a disk, and \(shared) is this container's alone")
        }
        let own = "\(shared)/acode-\(geteuid())"
        guard PrivateDirectory.isFree(own) else {
            return .disk("\(runtimeDirectory) is on a disk, and \(own) belongs to somebody else or is open to others")
        }
        return .memory("\(own)/\(installation)/\(pool)")
    }

    /// The directory in memory that secrets of this installation's pool may be left in, whatever would be chosen now; `nil`
    /// when there is none that is this user's alone.
    package static func left(installation: String, pool: String, shared: String = sharedMemory) -> String? {
        let own = "\(shared)/acode-\(geteuid())"
        let place = "\(own)/\(installation)/\(pool)"
        return PrivateDirectory.isFree(own) && access(place, F_OK) == 0 ? place : nil
    }

    private static func mount(of path: String, in table: String) -> MountTable.Entry? {
        var path = path
        while path != "/", !path.isEmpty, access(path, F_OK) != 0 {
            path = (path as NSString).deletingLastPathComponent
        }
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return MountTable.entry(of: String(cString: real), mountInfo: table)
    }
}

extension MountTable.Entry {
    /// Whether what is in it is never written to a disk, but to swap.
    package var isInMemory: Bool { type == "tmpfs" || type == "ramfs" }
}

/// Directories in a place that everybody may write to, each for its owner alone.
enum PrivateDirectory {
    /// Whether there is nothing at a path, or a directory that only this user can open.
    static func isFree(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return errno == ENOENT }
        return status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid() && status.st_mode & 0o077 == 0
    }

    /// Makes a directory, and those above it as far as `top` is, which has to be this user's own.
    ///
    /// - Throws: `POSIXError` of the system.
    static func make(_ path: String, below top: String) throws {
        // Between two of the steps another worker's end may remove a directory that is empty.
        for attempt in 1... {
            do {
                try make(path)
                guard isFree(top) else { throw POSIXError(.EPERM) }
                return
            } catch let error as POSIXError where error.code == .ENOENT && attempt < 10 {
                continue
            }
        }
    }

    /// With its mode from the first moment: another process must never see one that is open, nor be left with it.
    private static func make(_ path: String) throws {
        if mkdir(path, 0o700) == 0 { return }
        let cause = errno
        if cause == EEXIST { return }
        let parent = (path as NSString).deletingLastPathComponent
        guard cause == ENOENT, parent != path else { throw POSIXError(POSIXErrorCode(rawValue: cause) ?? .EIO) }
        try make(parent)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
    }

    /// Removes a directory and `levels - 1` above it, as long as they are empty.
    static func prune(_ path: String, levels: Int) {
        var path = path
        for _ in 0..<levels {
            guard rmdir(path) == 0 else { return }
            path = (path as NSString).deletingLastPathComponent
        }
    }
}
