import Foundation
import Glibc

/// A tmpfs of 4 MiB, mounted by mount(8).
struct SmallDisk {
    private let path: String

    /// Whether this process may mount at all: tried once.
    static let isPossible: Bool = {
        let path = NSTemporaryDirectory() + "/acode-disk-\(UUID().uuidString)"
        guard geteuid() == 0, let disk = try? SmallDisk(at: path) else { return false }
        disk.unmount()
        rmdir(path)
        return true
    }()

    init(at path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard Self.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", path]) == 0 else {
            throw CocoaError(.fileWriteNoPermission)
        }
    }

    func unmount() { _ = Self.run(["umount", "-l", path]) }

    private static func run(_ arguments: [String]) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
