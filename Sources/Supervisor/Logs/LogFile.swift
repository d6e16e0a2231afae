internal import Glibc

/// A file that is only appended to, in whole records: what can't be written whole is not there at all.
/// All calls block; owned by one actor.
struct LogFile {
    /// Bytes in the file.
    private(set) var size: Int64 = 0
    private let descriptor: Int32

    /// Creates or empties the file, mode 0600. Throws the errno.
    init(path: String) throws(Errno) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Errno(code: errno) }
    }

    /// Opens a file that is there, to append after its first `size` bytes; what another process wrote beyond them is cut
    /// off. Throws the errno; EINVAL when there is less.
    init(resuming path: String, size: Int64) throws(Errno) {
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw Errno(code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size >= size, ftruncate(descriptor, off_t(size)) == 0 else {
            let cause = status.st_size < size ? EINVAL : errno
            _ = Glibc.close(descriptor)
            throw Errno(code: cause)
        }
        self.size = size
    }

    /// Appends all of `bytes`, or nothing. Throws the errno, for example ENOSPC.
    mutating func append(_ bytes: [UInt8]) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done) }
            if written < 0 {
                let cause = errno
                if cause == EINTR { continue }
                // Half an entry would make the next one unreadable.
                if done > 0 { _ = ftruncate(descriptor, Int(size)) }
                throw Errno(code: cause)
            }
            done += written
        }
        size += Int64(done)
    }

    /// Closes the file.
    func close() { _ = Glibc.close(descriptor) }

    /// A raw errno.
    struct Errno: Error, Equatable {
        let code: Int32

        var message: String { String(cString: strerror(code)) }
    }
}
