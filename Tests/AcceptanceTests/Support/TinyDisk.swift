import Foundation
import TestSupport
import Testing

extension AcodeFixture {
    /// Makes `path` a disk of its own, of `size` as `mount` has it, until the fixture ends.
    func mountTiny(_ path: String, size: String, isReadOnly: Bool = false) async throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let options = "size=\(size),mode=0700" + (isReadOnly ? ",ro" : "")
        _ = try await ChildProcess.tool(
            ProcessPlan("/usr/bin/mount", ["-t", "tmpfs", "-o", options, "acode-test", path]), within: .seconds(10))
        atEnd { _ = try await ChildProcess.tool(ProcessPlan("/usr/bin/umount", [path]), within: .seconds(10)) }
    }

    /// Fills the disk of a directory to the last byte, or with `bytes`, and returns the file that does.
    func fill(_ directory: String, bytes: Int = .max) throws -> String {
        let path = "\(directory)/filler"
        try Data().write(to: URL(fileURLWithPath: path))
        let file = try #require(FileHandle(forWritingAtPath: path))
        defer { try? file.close() }
        var left = bytes
        while left > 0, (try? file.write(contentsOf: Data(count: min(left, 4096)))) != nil { left -= 4096 }
        return path
    }
}
