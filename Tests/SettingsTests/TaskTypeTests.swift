import Settings
import TaskModel
import Testing

@Suite("Task types")
struct TaskTypeTests {
    private static let handlers = """
        handlers:
          create_cog:
            description: A cloud-optimised GeoTIFF
            parameters:
              source: {type: string, required: true}
              file_size_mb: {type: number, min: 0, max: 100000, default: 0}
              level: {type: integer, enum: [1, 2, 9], default: 9}
              overwrite: {type: boolean, default: false}
              note: {type: string}
            name: "cog {{source}}"
            command: [cog, "--size={{file_size_mb}}", "{{overwrite}}", --, "{{ source }}", "{{{{x"]
            env: {LEVEL: "{{level}}", MODE: fast}
            image: "cog:{{level}}"
            resources: {memoryMb: 64}
            priority: "{{level}}"
            queue: rasters
            retry: {maxAttempts: 3, rules: [{output: "No space", then: fatal}]}
            outputs: ["{{source}}.tif"]
            unique: "cog {{source}}"
            labels: [gis]

        """

    private static func rules() throws -> TaskRules { try load(handlers).settings.taskRules }

    private static func tasks(_ text: String, _ rules: TaskRules? = nil) throws -> [TaskSpec] {
        try TaskFile.parse(contents: "tasks:\n  - \(text)\n", name: "t", rules: try rules ?? Self.rules())
    }

    private static func mistakes(_ text: String) throws -> [String] {
        let error = #expect(throws: ConfigurationError.self) { try tasks(text) }
        return error?.problems.map(\.description) ?? []
    }

    @Test("a task of a type is what the type says, with its parameters in their places")
    func whole() throws {
        let spec = try #require(
            try Self.tasks("{type: create_cog, params: {source: \"a b; rm -rf $HOME\", file_size_mb: 900}}").first)
        #expect(spec.command == ["cog", "--size=900", "false", "--", "a b; rm -rf $HOME", "{{x"])
        #expect(spec.name == "cog a b; rm -rf $HOME" && spec.unique == UniqueKey("cog a b; rm -rf $HOME"))
        #expect(spec.env == ["LEVEL": "9", "MODE": "fast"] && spec.image == "cog:9" && spec.priority == 9)
        #expect(spec.queue == "rasters" && spec.labels == ["gis"] && spec.resources.memoryMb == 64)
        #expect(
            spec.retry == RetryPolicy(maxAttempts: 3, rules: [RetryRule(output: ["No space"], meaning: .fatal)]))
        #expect(spec.type == "create_cog")
        #expect(
            spec.params == [
                "source": .string("a b; rm -rf $HOME"), "file_size_mb": .integer(900), "level": .integer(9),
                "overwrite": .boolean(false),
            ])
    }

    @Test("what stands in the place of a parameter is not looked at again")
    func once() throws {
        let spec = try #require(try Self.tasks("{type: create_cog, params: {source: \"{{level}}\"}}").first)
        #expect(spec.command[4] == "{{level}}")
    }

    @Test("a task goes over its type, key by key where there are keys")
    func over() throws {
        let own = """
            {type: create_cog, params: {source: a}, env: {MODE: slow, X: 1}, resources: {cpus: 0.5}, queue: mine,
             retry: {maxAttempts: 9}, timeout: 5m, labels: [gis, mine], priority: 1}
            """
        let spec = try #require(try Self.tasks(own.replacing("\n", with: " ")).first)
        #expect(spec.env == ["LEVEL": "9", "MODE": "slow", "X": "1"] && spec.queue == "mine")
        #expect(spec.resources == ResourceRequest(cpus: 0.5, memoryMb: 64) && spec.timeout == 300)
        #expect(spec.retry.maxAttempts == 9 && spec.retry.rules?.count == 1 && spec.priority == 1)
        #expect(spec.labels == ["gis", "mine"])
    }

    @Test(
        "mistakes in a task name the type, the parameter, what is expected and the nearest name",
        arguments: [
            (
                "{type: create_cogs}",
                "t:2:6: tasks[0].type: there is no task type create_cogs (did you mean create_cog?)"
            ),
            ("{type: xyzzy}", "t:2:6: tasks[0].type: there is no task type xyzzy (known are create_cog)"),
            (
                "{type: create_cog, params: {source: a, file_size: 1}}",
                "t:2:44: tasks[0].params.file_size: the type create_cog has no parameter file_size "
                    + "(did you mean file_size_mb?)"
            ),
            (
                "{type: create_cog}",
                "t:2:5: tasks[0].params.source: create_cog: is missing; expected text"
            ),
            (
                "{type: create_cog, params: {source: a, file_size_mb: big}}",
                "t:2:58: tasks[0].params.file_size_mb: create_cog: expected a number from 0 to 100000, found \"big\""
            ),
            (
                "{type: create_cog, params: {source: a, file_size_mb: -1}}",
                "t:2:58: tasks[0].params.file_size_mb: create_cog: expected a number from 0 to 100000, found \"-1\""
            ),
            (
                "{type: create_cog, params: {source: a, file_size_mb: \"9\"}}",
                "t:2:58: tasks[0].params.file_size_mb: create_cog: expected a number from 0 to 100000, found \"9\" "
                    + "(remove the quotes)"
            ),
            (
                "{type: create_cog, params: {source: a, level: 3}}",
                "t:2:51: tasks[0].params.level: create_cog: expected one of 1, 2, 9, found \"3\""
            ),
            (
                "{type: create_cog, params: {source: a, overwrite: yes}}",
                "t:2:55: tasks[0].params.overwrite: create_cog: expected true or false, found \"yes\""
            ),
            (
                "{type: create_cog, params: [a]}",
                "t:2:32: tasks[0].params: create_cog: expected parameters and their values, found a list"
            ),
            (
                "{type: create_cog, params: {source: a}, command: [x]}",
                "t:2:45: tasks[0].command: is what the type create_cog says (leave out command, or type)"
            ),
            (
                "{command: [x], params: {a: 1}}",
                "t:2:20: tasks[0].params: is for tasks of a type (name the type in type)"
            ),
            (
                "{type: create_cog, params: {source: /etc/passwd}}",
                "t:2:6: tasks[0].outputs[0]: expected a path in the output directory, found \"/etc/passwd.tif\" "
                    + "(write it without the leading slash: it lies in $ACODE_OUTPUT_DIR)"
            ),
        ])
    func mistakes(text: String, expected: String) throws { #expect(try Self.mistakes(text) == [expected]) }

    @Test("a text that the command could take for an option is refused where it begins a word")
    func options() throws {
        let text = "handlers: {x: {parameters: {a: {type: string, required: true}}, command: [rm, \"{{a}}\"]}}"
        let rules = try load(text).settings.taskRules
        let error = #expect(throws: ConfigurationError.self) {
            try Self.tasks("{type: x, params: {a: -rf}}", rules)
        }
        #expect(
            error?.problems.first?.message == "x: begins with a hyphen, and the command could take it for an option")
        #expect(try Self.tasks("{type: x, params: {a: r-f}}", rules).first?.command == ["rm", "r-f"])
        #expect(try Self.tasks("{type: create_cog, params: {source: -rf, level: 2}}").first?.command[4] == "-rf")
    }

    @Test(
        "so is a word that becomes one, but numbers may be negative",
        arguments: [
            ("{{y}}{{x}}", "{x: -rf}", "x"), ("{{y}}-{{x}}", "{x: rf}", "y"), ("{{n}}{{x}}", "{x: rf, n: -1}", "n"),
            ("{{n}}", "{x: a, n: -1}", nil), ("{{n}}:{{n}}", "{x: a, n: -1}", nil), ("-{{x}}", "{x: a}", nil),
        ] as [(String, String, String?)])
    func becomingOptions(word: String, params: String, culprit: String?) throws {
        let text = """
            handlers: {t: {parameters: {x: {type: string, required: true}, y: {type: string, default: ""},
              n: {type: integer, default: 1}}, command: [rm, "\(word)"]}}
            """
        let rules = try load(text).settings.taskRules
        let task = "{type: t, params: \(params)}"
        guard let culprit else { return #expect(try Self.tasks(task, rules).count == 1) }
        let error = #expect(throws: ConfigurationError.self) { try Self.tasks(task, rules) }
        #expect(error?.problems.map(\.path) == ["tasks[0].params.\(culprit)"])
    }

    @Test(
        "mistakes in a type are found when the configuration is read",
        arguments: [
            ("command: [x, \"{{sorce}}\"]", "2.command[1]: there is no parameter sorce (did you mean source?)"),
            ("command: [\"{{source}}\"]", "2.command[0]: the program can't be a parameter"),
            (
                "command: [env, /bin/bash, -euc, \"x {{source}}\"]",
                "2.command[3]: would become a part of a shell's script (write \"$1\" there and add sh, \"{{source}}\" "
                    + "after it, or use $ACODE_PARAM_SOURCE)"
            ),
            (
                "command: [x, \"{{note}}\"]",
                "2.command[1]: the parameter note may be missing, and then nothing could stand here "
                    + "(make it required, or give it a default)"
            ),
            (
                "command: [x, \"{{.ID}}\"]",
                "2.command[1]: has {{ that begins no parameter (write {{name}}, or {{{{ for two braces)"
            ),
            (
                "{command: [x], user: \"{{level}}:1\"}",
                "2.user: can't hold a parameter (those that can are command, env, image, name, outputs, priority, "
                    + "resources, stdin, timeout, unique, workdir, worktree)"
            ),
            ("{command: [x], priorty: 3}", "2.priorty: is not a known key (did you mean priority?)"),
            ("{command: [x], type: y}", "2.type: is not a known key"),
            ("{command: [x], timeout: soon}", "2.timeout: expected a duration from 1ms to 8760h, found \"soon\""),
            ("{image: x}", "2.command: is missing; expected a list of the program and its arguments"),
            ("3", "2: expected a task type, as in"),
        ])
    func declarations(text: String, expected: String) throws {
        let parameters =
            "parameters: {source: {type: string, required: true}, note: {type: string}, "
            + "level: {type: integer, default: 1}}"
        let body = text.hasPrefix("{") ? "{\(parameters), \(text.dropFirst())" : text
        let whole = text.hasPrefix("command") ? "{\(parameters), \(text)}" : body
        let found = try problems("handlers: {2: \(whole)}")
        #expect(found.count == 1 && found[0].contains("handlers.\(expected)"), "\(found)")
    }

    @Test(
        "mistakes in parameters are found when the configuration is read",
        arguments: [
            ("a-b: {type: string}", "a-b: is not a possible name of a parameter"),
            ("a: {type: text}", "a.type: expected one of string, number, integer, boolean, found \"text\""),
            ("a: {type: number, default: x}", "a.default: expected a number, found \"x\""),
            ("a: {type: number, min: 3, max: 1}", "a.min: must not be more than max, which is 1"),
            ("a: {type: string, min: 3}", "a.min: is for numbers only"),
            ("a: {type: string, enum: [x], default: y}", "a.default: expected one of x, found \"y\""),
            ("a: {type: string, required: true, default: y}", "a.default: is never used"),
            ("a: {type: string, requird: true}", "a.requird: is not a known key (did you mean required?)"),
            ("a: {type: string}, A: {type: string}", "A: is the same variable as a, ACODE_PARAM_A"),
        ])
    func parameters(text: String, expected: String) throws {
        let found = try problems("handlers: {t: {command: [x], parameters: {\(text)}}}")
        #expect(found.count == 1 && found[0].contains("handlers.t.parameters.\(expected)"), "\(found)")
    }

    @Test("what a type says can be shown and read again, but for its secrets")
    func shown() throws {
        let first = try load(Self.handlers)
        #expect(try load(first.render(origins: false)).settings == first.settings)
        let secret = try load("handlers: {t: {command: [x], env: {API_TOKEN: hunter2, A: b}}}").render(origins: false)
        #expect(!secret.contains("hunter2") && secret.contains("A: b"), "\(secret)")
    }

    @Test("types can come from a variable, as one line of JSON")
    func variable() throws {
        let text = #"{"t": {"command": ["x", "{{n}}"], "parameters": {"n": {"type": "integer", "required": true}}}}"#
        let rules = try load("", environment: ["ACODE_HANDLERS": text]).settings.taskRules
        #expect(try Self.tasks("{type: t, params: {n: 7}}", rules).first?.command == ["x", "7"])
        #expect(
            try problems("", environment: ["ACODE_HANDLERS": "{t: {command: [x, '{{m}}']}}"]) == [
                "ACODE_HANDLERS: handlers.t.command[1]: there is no parameter m (declare it in parameters)"
            ])
    }
}
