internal import Foundation
internal import Glibc

/// A directory of one test, short enough for sockets in it, removed when the value goes.
package final class Scratch: Sendable {
    /// Where it is, absolute.
    package let path = "/tmp/acu-\(UInt32.random(in: 0 ... .max))"

    /// Makes the directory, for its owner alone.
    package init() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Permission bits and owner of a path.
    package static func status(_ path: String) throws -> (mode: UInt32, owner: UInt32) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return (status.st_mode & 0o7777, status.st_uid)
    }

    /// Whether there is a file or directory of that name in it.
    package func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }
}
