import Foundation
import Settings
import Testing

/// A directory of one test, removed with it.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        // mkdtemp(3) puts random characters in the place of the Xs.
        var template = Array("/tmp/acode-settings-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!).map { String(cString: $0) } }
        path = try #require(made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and tells its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        return file
    }
}

/// Loads one text as `acode.yaml` and nothing else.
func load(
    _ text: String, environment: [String: String] = [:], flags: [FlagValue] = [], userID: UInt32 = 0
) throws -> ResolvedSettings {
    let directory = try ScratchDirectory()
    try directory.write(text, to: "acode.yaml")
    return try SettingsLoader.load(
        configPath: "acode.yaml", environment: environment, flags: flags, workingDirectory: directory.path,
        userID: userID)
}

/// The problems of a text, one a line, as people see them.
func problems(_ text: String, environment: [String: String] = [:], flags: [FlagValue] = []) throws -> [String] {
    do {
        _ = try load(text, environment: environment, flags: flags)
        return []
    } catch let error as ConfigurationError {
        return error.problems.map(\.description)
    }
}
