internal import Glibc

/// Lists a directory. Blocks.
package enum DirectoryNames {
    /// One entry.
    package struct Entry {
        /// Its name with the final NUL, as the kernel has it: that need not be UTF-8.
        package let name: [CChar]
        /// Whether it is known to be a directory.
        package let isDirectory: Bool
    }

    /// The names in the directory at `path`, without `.` and `..`; nil when it can't be read.
    package static func read(_ path: String) -> [[CChar]]? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var names: [[CChar]] = []
        while let entry = next(directory) { names.append(entry.name) }
        return names
    }

    /// The next entry, without `.` and `..`; nil at the end.
    package static func next(_ directory: OpaquePointer) -> Entry? {
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
            }
            if name == [46, 0] || name == [46, 46, 0] { continue }
            return Entry(name: name, isDirectory: entry.pointee.d_type == UInt8(DT_DIR))
        }
        return nil
    }
}
