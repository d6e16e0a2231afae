internal import Glibc

/// Copies artifacts between file systems.
struct ArtifactCopy {
    /// Asked between two pieces whether to give up.
    let isOver: @Sendable () -> Bool

    /// Copies an entry and all that is in it. Blocks for as long as it takes.
    ///
    /// - Throws: also when `isOver` says so; what is there by then is for the caller to remove.
    func copy(_ name: String, from: HeldDirectory, to: HeldDirectory, as newName: String) throws(FileProblem) {
        guard !isOver() else { throw FileProblem("the attempt was stopped meanwhile") }
        guard let status = from.status(name) else { throw FileProblem("\(name) is gone") }
        switch status.kind {
        case .file: try file(name, status.mode & 0o777, from, to, newName)
        case .directory:
            guard mkdirat(to.descriptor, newName, 0o700) == 0 else {
                throw FileProblem("can't make the directory \(newName)", errno)
            }
            let (inner, copy) = (try from.directory(name), try to.directory(newName))
            for entry in try inner.names() { try self.copy(entry, from: inner, to: copy, as: entry) }
            fchmod(copy.descriptor, status.mode & 0o777 | 0o700)
        case .link:
            guard symlinkat(try from.target(ofLink: name), to.descriptor, newName) == 0 else {
                throw FileProblem("can't make the link \(newName)", errno)
            }
        case .other: throw FileProblem("\(name) is neither a file, a directory nor a link")
        }
    }

    private func file(
        _ name: String, _ mode: UInt32, _ from: HeldDirectory, _ to: HeldDirectory, _ newName: String
    ) throws(FileProblem) {
        let source = try from.file(name)
        defer { close(source) }
        let target = openat(to.descriptor, newName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard target >= 0 else { throw FileProblem("can't make the file \(newName)", errno) }
        defer { close(target) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            guard !isOver() else { throw FileProblem("the attempt was stopped meanwhile") }
            let count = read(source, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileProblem("can't read \(name)", errno) }
            if count == 0 { break }
            try write(buffer[..<count], to: target, newName)
        }
        fchmod(target, mode | 0o600)
    }

    private func write(_ bytes: ArraySlice<UInt8>, to target: Int32, _ name: String) throws(FileProblem) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(target, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileProblem("can't write \(name)", errno) }
            rest = rest.dropFirst(count)
        }
    }
}
