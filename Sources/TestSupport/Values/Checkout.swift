internal import Foundation

/// The source tree the tests were built from.
package enum Checkout {
    /// The directory of `Package.swift`, found upwards from this file; symbolic links in the way are resolved.
    package static let root: String = {
        var directory = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while directory.path != "/" {
            directory.deleteLastPathComponent()
            let scripts = directory.appendingPathComponent("scripts/engines").path
            if FileManager.default.fileExists(atPath: scripts) { return directory.path }
        }
        return FileManager.default.currentDirectoryPath
    }()
}
