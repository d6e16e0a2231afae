/// Which files are read, decided without looking at any of them.
struct ConfigurationFiles {
    /// A file that may be read.
    struct Candidate: Equatable {
        /// How messages call it: as the user wrote it.
        var name: String
        /// Where it is.
        var path: String
        /// Who asked for it, `nil` for the usual places. What was asked for has to exist.
        var askedBy: String?
    }

    /// The files to try, of which the first that exists is read: the one asked for, or the usual places.
    static func candidates(
        configPath: String?, environment: [String: String], workingDirectory: String
    ) -> [Candidate] {
        func absolute(_ path: String) -> String { LexicalPath.absolute(path, in: workingDirectory) }
        if let configPath {
            return [Candidate(name: configPath, path: absolute(configPath), askedBy: "--config")]
        }
        if let path = environment["ACODE_CONFIG"], !path.isEmpty {
            return [Candidate(name: path, path: absolute(path), askedBy: "ACODE_CONFIG")]
        }
        var places = [Candidate(name: "acode.yaml", path: absolute("acode.yaml"))]
        if let directory = BaseDirectory.path("XDG_CONFIG_HOME", orInHome: ".config", environment) {
            places.append(Candidate(name: directory + "/acode/config.yaml", path: directory + "/acode/config.yaml"))
        }
        places.append(Candidate(name: "/etc/acode/config.yaml", path: "/etc/acode/config.yaml"))
        return places
    }

    /// The overlays of a file for an environment, of which the first that exists is read: `acode.yaml` and `prod`
    /// make `acode.prod.yaml`, `acode.json` and `prod` also `acode.prod.json`.
    static func overlays(of file: Candidate, environment name: String) -> [Candidate] {
        let (stem, ending) = split(file.name)
        let (pathStem, _) = split(file.path)
        var endings = [".yaml"]
        if ending != ".yaml" { endings.append(ending) }
        return endings.map {
            Candidate(name: "\(stem).\(name)\($0)", path: "\(pathStem).\(name)\($0)", askedBy: "ACODE_ENV")
        }
    }

    /// A name without its ending, and the ending with its dot; the ending is empty when there is none.
    static func split(_ name: String) -> (stem: String, ending: String) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex, !name[dot...].contains("/"),
            name[name.index(before: dot)] != "/"
        else { return (name, "") }
        return (String(name[..<dot]), String(name[dot...]))
    }
}

/// The directories of the XDG base directory specification.
enum BaseDirectory {
    /// The value of a variable, else a directory in the home directory; `nil` when there is neither. Relative values
    /// are ignored, as the specification demands.
    static func path(_ variable: String, orInHome inHome: String?, _ environment: [String: String]) -> String? {
        if let value = environment[variable], value.hasPrefix("/") { return LexicalPath.normalised(value) }
        guard let inHome, let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return LexicalPath.normalised(home + "/" + inHome)
    }
}

extension StateSettings {
    /// The directories of a user when none are configured.
    ///
    /// - Parameters:
    ///   - environment: where `HOME` and the XDG variables are looked up.
    ///   - userID: the effective user; 0 is root.
    package static func defaults(environment: [String: String], userID: UInt32) -> StateSettings {
        guard userID != 0 else { return StateSettings(dir: "/var/lib/acode", runtimeDir: "/run/acode") }
        let dir = BaseDirectory.path("XDG_STATE_HOME", orInHome: ".local/state", environment)
        let runtimeDir = BaseDirectory.path("XDG_RUNTIME_DIR", orInHome: nil, environment)
        return StateSettings(
            dir: dir.map { $0 + "/acode" } ?? "/var/tmp/acode-\(userID)",
            runtimeDir: runtimeDir.map { $0 + "/acode" } ?? "/tmp/acode-\(userID)")
    }
}
