internal import Settings

/// Which file system a path is on, from the text of /proc/self/mountinfo (proc_pid_mountinfo(5)).
package enum MountTable {
    /// A mounted file system.
    package struct Entry: Sendable, Equatable {
        /// Such as `tmpfs`.
        package var type: String
        /// A device, or what whoever mounted it called it.
        package var source: String
    }

    /// The type of the file system, `nil` when the text does not say.
    package static func fileSystem(of path: String, mountInfo: String) -> String? {
        entry(of: path, mountInfo: mountInfo)?.type
    }

    /// What is mounted where a path leads, `nil` when the text does not say. The path is without links.
    package static func entry(of path: String, mountInfo: String) -> Entry? {
        var best: (place: String, entry: Entry)?
        for line in mountInfo.split(separator: "\n") {
            let halves = line.split(separator: " - ", maxSplits: 1)
            let fields = halves[0].split(separator: " ")
            guard halves.count == 2, fields.count >= 5 else { continue }
            // Spaces, tabs, newlines and backslashes in places are written in octal.
            let place = String(fields[4]).replacing("\\040", with: " ").replacing("\\011", with: "\t")
                .replacing("\\012", with: "\n").replacing("\\134", with: "\\")
            let words = halves[1].split(separator: " ")
            // Of several mounts at one place the last one is on top.
            guard let type = words.first, place == "/" || LexicalPath.isWithin(path, place) else { continue }
            if place.count >= best?.place.count ?? 0 {
                best = (place, Entry(type: String(type), source: words.count > 1 ? String(words[1]) : ""))
            }
        }
        return best?.entry
    }
}
