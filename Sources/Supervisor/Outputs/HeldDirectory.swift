internal import Glibc

/// A directory that is held open, from which names are looked up one at a time and never through a symbolic link: what a
/// task put into its output directory can't lead out of it. All calls block.
final class HeldDirectory {
    let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Opens a directory by a path that is trusted, links in it included.
    static func open(_ path: String) throws(FileProblem) -> HeldDirectory {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileProblem("can't open the directory \(path)", errno) }
        return HeldDirectory(descriptor)
    }

    /// A directory in this one; made, mode 0755, when it is missing and `creating`.
    func directory(_ name: String, creating: Bool = false) throws(FileProblem) -> HeldDirectory {
        if creating, mkdirat(descriptor, name, 0o755) != 0, errno != EEXIST {
            throw FileProblem("can't make the directory \(name)", errno)
        }
        let found = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard found >= 0 else {
            let isLink = errno == ELOOP || (errno == ENOTDIR && status(name)?.kind == .link)
            throw isLink
                ? FileProblem("\(name) is a symbolic link, which is not followed")
                : FileProblem("can't open the directory \(name)", errno)
        }
        return HeldDirectory(found)
    }

    /// A directory below this one.
    func directory(_ names: [String]) throws(FileProblem) -> HeldDirectory {
        guard let first = names.first else { return self }
        return try directory(first).directory(Array(names.dropFirst()))
    }

    /// The directory that the last of `names` is in.
    func parent(of names: [String], creating: Bool = false) throws(FileProblem) -> HeldDirectory {
        guard let first = names.first, names.count > 1 else { return self }
        return try directory(first, creating: creating).parent(of: Array(names.dropFirst()), creating: creating)
    }

    /// What a name stands for, a link itself included; `nil` when there is nothing or it can't be told.
    func status(_ name: String) -> FileStatus? {
        var status = stat()
        return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? FileStatus(status) : nil
    }

    /// The names in it, in no order; of very many only those that are wanted are kept in memory.
    func names(where isWanted: (String) -> Bool = { _ in true }) throws(FileProblem) -> [String] {
        // A descriptor of its own, because reading moves its position and `closedir` closes it.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else { throw FileProblem("can't read a directory", errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != "..", isWanted(name) { names.append(name) }
        }
        return names
    }

    /// Opens a regular file for reading.
    func file(_ name: String) throws(FileProblem) -> Int32 {
        // Never waits for the other end of a pipe.
        let found = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard found >= 0 else { throw FileProblem("can't open \(name)", errno) }
        var status = stat()
        guard fstat(found, &status) == 0, FileStatus(status).kind == .file else {
            close(found)
            throw FileProblem("\(name) is no regular file")
        }
        return found
    }

    /// The content of a regular file of at most `limit` bytes.
    func content(_ name: String, limit: Int) throws(FileProblem) -> [UInt8] {
        let source = try file(name)
        defer { close(source) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(source, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileProblem("can't read \(name)", errno) }
            if count == 0 { return content }
            content += buffer[..<count]
            guard content.count <= limit else { throw FileProblem("\(name) has more than \(limit) bytes") }
        }
    }

    /// Where a symbolic link points.
    func target(ofLink name: String) throws(FileProblem) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlinkat(descriptor, name, &buffer, buffer.count)
        guard count >= 0 else { throw FileProblem("can't read the link \(name)", errno) }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Gives an entry another name, here or in another directory of the same file system. Replaces a file that is there.
    func rename(_ name: String, to other: HeldDirectory, as newName: String) throws(FileProblem) {
        guard renameat(descriptor, name, other.descriptor, newName) == 0 else {
            throw FileProblem("can't move \(name)", errno)
        }
    }

    /// Removes an entry and all that is in it. What is not there is fine.
    func remove(_ name: String) {
        if unlinkat(descriptor, name, 0) == 0 || errno == ENOENT { return }
        guard let inner = try? directory(name) else { return }
        for entry in (try? inner.names()) ?? [] { inner.remove(entry) }
        unlinkat(descriptor, name, AT_REMOVEDIR)
    }

    /// Waits until the names in it are on the disk.
    func flush() throws(FileProblem) {
        guard fsync(descriptor) == 0 else { throw FileProblem("can't flush a directory to the disk", errno) }
    }
}

/// What the kernel says of a file.
struct FileStatus {
    enum Kind { case file, directory, link, other }

    let kind: Kind
    let bytes: Int64
    /// Bytes it takes on the disk.
    let allocated: Int64
    let mode: UInt32
    let owner: UInt32
    let group: UInt32
    /// Nanoseconds since 1970.
    let modified: Int64

    init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .link
        default: kind = .other
        }
        bytes = Int64(status.st_size)
        allocated = Int64(status.st_blocks) * 512
        mode = status.st_mode & 0o7777
        owner = status.st_uid
        group = status.st_gid
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }
}

/// What went wrong with files, in words that can follow "because".
struct FileProblem: Error, Equatable {
    let words: String
    /// The system's code, if it was the system that refused.
    let code: Int32?

    init(_ words: String, _ code: Int32? = nil) {
        self.words = code.map { "\(words): \(String(cString: strerror($0)))" } ?? words
        self.code = code
    }

    /// The same with where it happened.
    func at(_ place: String) -> FileProblem { FileProblem(words: "\(place): \(words)", code: code) }

    private init(words: String, code: Int32?) {
        self.words = words
        self.code = code
    }
}
