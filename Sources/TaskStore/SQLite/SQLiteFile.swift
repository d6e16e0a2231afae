internal import Foundation
internal import Glibc

/// The place of the database in the file system: made private, checked before SQLite touches it. Blocks.
struct SQLiteFile {
    /// Absolute, so that SQLite can't take it for a URI or a name with a meaning, and a later `chdir` changes nothing.
    let path: String
    private let operation = "open the task store"

    init(path: String) throws(StoreError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw StoreError(.io, "the path of the task store is empty or has a NUL in it", operation: operation)
        }
        self.path = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// Makes missing directories (0700) and the empty file (0600), and refuses places where the store would not be safe.
    func prepare() throws(StoreError) {
        let directory = (path as NSString).deletingLastPathComponent
        try makeDirectory(directory)
        try refuseNetworkFileSystem(existing: directory)
        try checkAccess(directory, mode: W_OK | X_OK)
        var info = stat()
        if stat(path, &info) != 0 {
            guard errno == ENOENT else { throw failure("look at \(path)", errno) }
            try create(in: directory)
        }
        guard stat(path, &info) == 0 else { throw failure("look at \(path)", errno) }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.notADatabase, "\(path) is not a regular file", operation: operation)
        }
        try refuseNetworkFileSystem(existing: path)
        try checkAccess(path, mode: R_OK | W_OK)
    }

    /// Whether the file is there. Refuses the places that `prepare` refuses, and makes nothing.
    func isThere() throws(StoreError) -> Bool {
        var info = stat()
        guard stat(path, &info) == 0 else {
            if errno == ENOENT { return false }
            throw failure("look at \(path)", errno)
        }
        try prepare()
        return true
    }

    private func makeDirectory(_ directory: String) throws(StoreError) {
        var info = stat()
        if stat(directory, &info) == 0 { return }
        let parent = (directory as NSString).deletingLastPathComponent
        if parent != directory, !parent.isEmpty { try makeDirectory(parent) }
        if mkdir(directory, 0o700) != 0, errno != EEXIST { throw failure("make the directory \(directory)", errno) }
    }

    /// The file appears under its name only after the one descriptor on it is closed: closing a descriptor later would
    /// drop the POSIX locks that another connection of this process has on the same file.
    private func create(in directory: String) throws(StoreError) {
        let draft = "\(directory)/.\(UUID().uuidString).new"
        let descriptor = open(draft, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create \(path)", errno) }
        close(descriptor)
        defer { unlink(draft) }
        if link(draft, path) != 0, errno != EEXIST { throw failure("create \(path)", errno) }
    }

    private func refuseNetworkFileSystem(existing place: String) throws(StoreError) {
        var info = stat()
        guard stat(place, &info) == 0 else { throw failure("look at \(place)", errno) }
        // Without /proc nothing can be said, and the locks are believed.
        guard let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else { return }
        let device = NetworkFileSystem.device(info.st_dev)
        guard let type = NetworkFileSystem.type(device: device, mountInfo: mounts) else { return }
        throw StoreError(
            .networkFilesystem, "\(place) is on a network file system (\(type))", operation: operation,
            hint: "put the state directory on a local disk, or use PostgreSQL to share a queue between hosts")
    }

    private func checkAccess(_ place: String, mode: Int32) throws(StoreError) {
        if faccessat(AT_FDCWD, place, mode, AT_EACCESS) != 0 { throw failure("write \(place)", errno) }
    }

    private func failure(_ doing: String, _ code: Int32) -> StoreError {
        let message = "can't \(doing): \(String(cString: strerror(code)))"
        switch code {
        case EACCES, EPERM:
            return StoreError(
                .permissionDenied, message, operation: operation,
                hint: "use a state directory of your own with ACODE_STATE_DIR")
        case EROFS: return StoreError(.readOnly, message, operation: operation)
        case ENOSPC, EDQUOT: return StoreError(.full, message, operation: operation)
        case ENOTDIR, ELOOP, ENAMETOOLONG:
            return StoreError(
                .io, message, operation: operation, hint: "name another place with store.path or ACODE_STATE_DIR")
        default: return StoreError(.io, message, operation: operation)
        }
    }
}
