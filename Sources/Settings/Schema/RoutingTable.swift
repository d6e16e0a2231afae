extension SettingTable {
    /// `handlers`.
    static let handlers: [SettingDescriptor] = [
        .init(
            "handlers", \.handlers,
            .map(of: .taskType, expected: "names of task types and what each is", key: NameRules.key),
            "The types that tasks can be of: `acode task submit --type create_cog --param file_size_mb=900`. A type says "
                + "what a task file could say of a task, and which parameters it takes: each has a type (string, number, "
                + "integer, boolean) and may have required, default, enum, min, max and description. {{name}} stands for "
                + "a parameter in its command's arguments and in name, env, stdin, workdir, image, resources, worktree, "
                + "outputs, priority, timeout and unique, but not in a script that a shell reads.",
            example: .map([("create_cog", createCog)]))
    ]

    /// `routing`.
    static let routing: [SettingDescriptor] = [
        .init(
            "routing", \.routing, .routingRules,
            "Which queue tasks go to that name none themselves: that of the first rule whose conditions all hold, else "
                + "that of their type, else default. Conditions are type, params (a value, a list of values, or bounds: "
                + "above, atLeast, below, atMost) and label. A rule without conditions takes all.",
            example: .list([
                .map([
                    ("type", .text("create_cog")),
                    ("params", .map([("file_size_mb", .map([("above", .plain("500"))]))])), ("queue", .text("heavy")),
                ]),
                .map([("label", .text("heavy")), ("queue", .text("heavy"))]),
                .map([("queue", .text("default"))]),
            ]))
    ]

    /// `roles`.
    static let roles: [SettingDescriptor] = [
        .init(
            "roles", \.roles, .map(of: .role, expected: "names of roles and what each does", key: NameRules.key),
            "What supervisors that share this configuration are there for; supervisor.role says which of them one is. "
                + "queues is all, none or a list, and otherwise as queue.queues says; orchestrate is whether it gives "
                + "back what dead supervisors held, ends what expired and tidies up for all, true unless said; http is "
                + "whether it serves HTTP, otherwise as http.listen says.",
            example: .map([
                ("heavy", .map([("queues", .list([.text("heavy")])), ("orchestrate", .plain("false"))])),
                ("light", .map([("queues", .list([.text("default")])), ("orchestrate", .plain("true"))])),
            ]))
    ]

    /// `supervisor`.
    static let supervisor: [SettingDescriptor] = [
        .init(
            "supervisor.role", \.supervisor.role,
            ScalarFormat<String>(expected: "the name of a role") { scalar throws(ValueMistake) in
                if let mistake = NameRules.name(scalar.text) { throw mistake }
                return scalar.text
            } encode: {
                .text($0)
            }.orNone(""),
            "Which of roles this supervisor has. Without one it serves the queues of queue.queues, orchestrates, and "
                + "serves HTTP where http.listen says.", alias: "ACODE_ROLE", example: .text("light"))
    ]

    private static let createCog = YAMLNode.map([
        ("description", .text("A cloud-optimised GeoTIFF of a raster.")),
        (
            "parameters",
            .map([
                ("source", .map([("type", .plain("string")), ("required", .plain("true"))])),
                ("file_size_mb", .map([("type", .plain("number")), ("min", .plain("0")), ("default", .plain("0"))])),
                (
                    "compression",
                    .map([
                        ("type", .plain("string")), ("enum", .list([.text("deflate"), .text("lzw")])),
                        ("default", .text("deflate")),
                    ])
                ),
            ])
        ),
        (
            "command",
            .list(["create-cog", "--compression={{compression}}", "--", "{{source}}"].map(YAMLNode.text))
        ),
        ("timeout", .plain("4h")),
        ("retry", .map([("maxAttempts", .plain("3"))])),
        ("unique", .text("cog {{source}}")),
    ])
}
