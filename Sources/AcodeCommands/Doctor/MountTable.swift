internal import Settings

/// Which file system a path is on, from the text of /proc/self/mountinfo (proc_pid_mountinfo(5)).
enum MountTable {
    /// The type of the file system, `nil` when the text does not say.
    static func fileSystem(of path: String, mountInfo: String) -> String? {
        var best: (place: String, type: String)?
        for line in mountInfo.split(separator: "\n") {
            let halves = line.split(separator: " - ", maxSplits: 1)
            let fields = halves[0].split(separator: " ")
            guard halves.count == 2, fields.count >= 5 else { continue }
            // Spaces, tabs, newlines and backslashes in places are written in octal.
            let place = String(fields[4]).replacing("\\040", with: " ").replacing("\\011", with: "\t")
                .replacing("\\012", with: "\n").replacing("\\134", with: "\\")
            let type = String(halves[1].prefix { $0 != " " })
            // Of several mounts at one place the last one is on top.
            guard place == "/" || LexicalPath.isWithin(path, place) else { continue }
            if place.count >= best?.place.count ?? 0 { best = (place, type) }
        }
        return best?.type
    }
}
