internal import Glibc

/// Small files of acode's own, by system calls alone: each attempt has several, and they need neither the
/// copy beside it nor the wait for the disk that make a file of the user's safe.
enum SmallFile {
    /// Makes a file that is not there yet, with exactly this mode. Blocks.
    ///
    /// - Returns: 0, or the errno; then there may be a part of it.
    static func create(_ path: String, _ content: [UInt8], mode: mode_t) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return errno }
        return fill(descriptor, content, mode: mode)
    }

    /// Makes a file with exactly this content and mode, whatever is there. A file that was made this way is written to
    /// again: a new one for each attempt would have file systems look for room past all that were removed lately. Blocks.
    ///
    /// - Returns: 0, or the errno; then there may be a part of it.
    static func replace(_ path: String, _ content: [UInt8], mode: mode_t) -> Int32 {
        // Whoever may write to the directory may have put anything there, a pipe or a link to another file.
        let descriptor = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        var status = stat()
        if descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_nlink == 1, status.st_uid == geteuid()
        {
            return fill(descriptor, content, mode: mode)
        }
        if descriptor >= 0 { close(descriptor) }
        unlink(path)
        return create(path, content, mode: mode)
    }

    /// Writes to an open file and closes it.
    private static func fill(_ descriptor: Int32, _ content: [UInt8], mode: mode_t) -> Int32 {
        defer { close(descriptor) }
        var rest = content[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written >= 0 else { return errno }
            rest = rest.dropFirst(written)
        }
        // After the content and not before: ext4 writes a file that was emptied to the disk when it is closed.
        guard ftruncate(descriptor, off_t(content.count)) == 0 else { return errno }
        // The mode of open(2) is cut by the process's umask.
        return fchmod(descriptor, mode) == 0 ? 0 : errno
    }
}
