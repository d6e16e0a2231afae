import Glibc

/// Reads small files whole.
package enum FileReader {
    /// A file that can't be read.
    package struct Failure: Error, Sendable {
        /// The system's error number; 0 when the file is too large.
        package var errno: Int32
        /// What is wrong, in words.
        package var message: String

        /// Whether there is no such file.
        package var isMissing: Bool { errno == ENOENT || errno == ENOTDIR }
    }

    /// The bytes of a file, a pipe included. Blocks until it is read.
    ///
    /// - Throws: what the system says, or that there are more than `limit` bytes.
    package static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure() }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                throw Failure(errno: 0, message: "is larger than \(SizeText.format(Int64(limit)))")
            }
        }
    }

    private static func failure() -> Failure {
        let code = errno
        return Failure(errno: code, message: "can't be read: \(String(cString: strerror(code)))")
    }
}
