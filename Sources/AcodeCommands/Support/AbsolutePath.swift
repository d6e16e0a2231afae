internal import Foundation
internal import Settings

/// Paths that users give relative to where they are.
enum AbsolutePath {
    /// The absolute form of a path, by its text alone.
    static func of(_ path: String, in directory: String = FileManager.default.currentDirectoryPath) -> String {
        LexicalPath.absolute(path, in: directory)
    }
}
