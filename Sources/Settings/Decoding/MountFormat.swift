import TaskModel

extension ValueFormat where Value == MountSpec {
    /// A mount: `{source, target, readOnly}`.
    static var mount: ValueFormat {
        let expected = "a mount, as in {source: /host/repo, target: /workspace, readOnly: true}"
        let source = ValueFormat<String>.text("an absolute path of this host") {
            PathRules.absolute($0) ?? MountRules.fixed.mistake(inSource: $0)
        }
        let target = ValueFormat<String>.text("an absolute path in the container") {
            PathRules.absolute($0) ?? MountRules.mistake(inTarget: $0)
        }
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            let from = reader.required("source", source, problems: &problems)
            let to = reader.required("target", target, problems: &problems)
            let readOnly = reader.value("readOnly", .boolean, default: false, problems: &problems)
            reader.finish(problems: &problems)
            guard let from, let to else { return nil }
            return MountSpec(source: from, target: to, readOnly: readOnly)
        } encode: { mount in
            .map([
                ("source", .text(mount.source)), ("target", .text(mount.target)),
                ("readOnly", .plain(mount.readOnly ? "true" : "false")),
            ])
        }
    }
}

extension ValueFormat where Value == [MountSpec] {
    /// Mounts, each at a place of its own.
    static var mounts: ValueFormat {
        .list(of: .mount, expected: "a list of mounts, each {source, target, readOnly}") { mount, before in
            let target = LexicalPath.normalised(mount.target)
            guard before.contains(where: { LexicalPath.normalised($0.target) == target }) else { return nil }
            return ValueMistake("is the second mount at \(target)", hint: "give it another target")
        }
    }
}
