import Foundation
import Glibc
import Testing

/// A directory of one test, short enough for sockets in it, removed when the value goes.
final class Scratch: Sendable {
    let path = "/tmp/acs-\(UInt32.random(in: 0 ... .max))"

    init() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Permission bits and owner of a path.
    static func status(_ path: String) throws -> (mode: UInt32, owner: UInt32) {
        var status = stat()
        try #require(lstat(path, &status) == 0, "\(path): \(String(cString: strerror(errno)))")
        return (status.st_mode & 0o7777, status.st_uid)
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }
}
