extension ValueFormat where Value == RegistryLogin {
    /// `{username, passwordSecret}`.
    package static var registryLogin: ValueFormat {
        let expected = "{username: name, passwordSecret: the name of a secret}"
        return ValueFormat(expected: expected, shape: .mapping) { node, path, problems in
            guard var reader = MappingReader(node, path: path, expected: expected, problems: &problems) else {
                return nil
            }
            if reader.has("password") {
                problems.add(
                    at: reader.mark(of: "password"), path: reader.child("password"),
                    "a password does not belong into a configuration file",
                    hint: "name a secret in passwordSecret, and where it comes from in secrets")
                return nil
            }
            let username = reader.required("username", .text("a user's name"), problems: &problems)
            let secret = reader.required(
                "passwordSecret", .text("the name of a secret", check: NameRules.key), problems: &problems)
            reader.finish(problems: &problems)
            guard let username, let secret else { return nil }
            return RegistryLogin(username: username, passwordSecret: secret)
        } encode: { login in
            .map([("username", .text(login.username)), ("passwordSecret", .text(login.passwordSecret))])
        }
    }
}
