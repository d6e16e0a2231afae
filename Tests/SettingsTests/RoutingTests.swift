import TaskModel
import Testing

@testable import Settings

@Suite("Routing")
struct RoutingTests {
    private static let handlers = """
        handlers:
          create_cog:
            parameters: {file_size_mb: {type: number, min: 0}, format: {type: string, enum: [cog, zarr]}}
            command: [cog]
          merge: {parameters: {dry: {type: boolean}, tiles: {type: integer, default: 1}}, command: [merge], queue: merges}

        """
    private static let rules = """
        routing:
          - {type: create_cog, params: {file_size_mb: {above: 500}}, queue: heavy}
          - {type: [create_cog, merge], label: [urgent, gpu], queue: fast}
          - {params: {tiles: {atLeast: 2, below: 10}}, queue: tiles}
          - {params: {dry: true}, queue: dry}
          - {params: {format: [zarr]}, queue: zarr}

        """

    private static func queue(_ task: String, _ text: String = rules) throws -> String {
        let rules = try load(handlers + text).settings.taskRules
        return try #require(
            try TaskFile.parse(contents: "tasks: [\(task)]", name: "t", rules: rules).first
        ).queue
    }

    @Test(
        "the first rule that fits counts, a task's own queue wins, and without any its type's or the default",
        arguments: [
            ("{type: create_cog, params: {file_size_mb: 501}}", "heavy"),
            ("{type: create_cog, params: {file_size_mb: 500.5}, labels: [gpu]}", "heavy"),
            ("{type: create_cog, params: {file_size_mb: 500}}", "default"),
            ("{type: create_cog, params: {file_size_mb: 500}, labels: [gpu]}", "fast"),
            ("{type: create_cog, params: {file_size_mb: 900}, queue: own}", "own"),
            ("{type: create_cog}", "default"),
            ("{type: create_cog, params: {format: zarr}}", "zarr"),
            ("{type: create_cog, params: {format: cog}}", "default"),
            ("{type: merge}", "merges"), ("{type: merge, params: {tiles: 2}}", "tiles"),
            ("{type: merge, params: {tiles: 10}}", "merges"), ("{type: merge, params: {dry: true}}", "dry"),
            ("{type: merge, params: {dry: false}}", "merges"), ("{type: merge, labels: [urgent]}", "fast"),
            ("{command: [x]}", "default"), ("{command: [x], labels: [urgent]}", "default"),
        ])
    func rules(task: String, queue: String) throws { #expect(try Self.queue(task) == queue) }

    @Test("a rule without conditions takes the rest, also tasks of no type; labels mark those too")
    func rest() throws {
        let text = "routing: [{label: big, queue: heavy}, {queue: light}]\n"
        #expect(try Self.queue("{command: [x]}", text) == "light")
        #expect(try Self.queue("{command: [x], labels: [big]}", text) == "heavy")
        #expect(try Self.queue("{type: merge}", text) == "light")
    }

    @Test("a decision tells which rule it was and why those before were not")
    func decision() throws {
        let rules = try load(Self.handlers + Self.rules).settings.taskRules
        var task = TaskSpec(command: ["x"], type: "merge", params: ["tiles": .integer(3)], labels: ["a"])
        #expect(
            rules.decide(task)
                == RouteDecision(
                    queue: "tiles", rule: 2, misfits: ["its type is merge", "it has no label urgent or gpu"]))
        (task.type, task.params) = ("create_cog", ["file_size_mb": .integer(12)])
        #expect(rules.decide(task).misfits.first == "file_size_mb is 12")
        #expect(rules.decide(TaskSpec(command: ["x"])).misfits.first == "it has no type")
        #expect(
            rules.routing.map(\.summary) == [
                "type create_cog and file_size_mb above 500", "type create_cog or merge and label urgent or gpu",
                "tiles at least 2 and below 10", "dry true", "format zarr",
            ])
    }

    @Test(
        "a rule that can match nothing known is a mistake, with its place and the nearest name",
        arguments: [
            (
                "[{type: create_cogs, queue: a}]",
                "6:18: routing[0].type: there is no task type create_cogs (did you mean create_cog?)"
            ),
            (
                "[{type: [merge, x], queue: a}]",
                "6:26: routing[0].type[1]: there is no task type x (known are create_cog, merge)"
            ),
            (
                "[{type: create_cog, params: {file_size: 1}, queue: a}]",
                "6:50: routing[0].params.file_size: the type create_cog has no parameter file_size (did you mean file_size_mb?)"
            ),
            (
                "[{params: {size: 1}, queue: a}]",
                "6:27: routing[0].params.size: no task type has a parameter size"
            ),
            (
                "[{params: {dry: {above: 1}}, queue: a}]",
                "6:26: routing[0].params.dry: is no number: the type merge declares it as boolean"
            ),
            (
                "[{params: {format: zar}, queue: a}]",
                "6:29: routing[0].params.format: can't be zar: the type create_cog expects one of cog, zarr (did you mean zarr?)"
            ),
            (
                "[{params: {tiles: {above: 5, below: 5}}, queue: a}]",
                "6:28: routing[0].params.tiles: no number is between these bounds"
            ),
            (
                "[{params: {tiles: {over: 5}}, queue: a}]",
                "6:29: routing[0].params.tiles.over: is not a known key (known are above, atLeast, atMost, below)"
            ),
            ("[{type: merge}]", "6:11: routing[0].queue: is missing; expected the name of a queue"),
            (
                "[{queue: a}, {type: merge, queue: b}]",
                "6:23: routing[1]: never has its turn: a rule before it takes every task (put that rule last)"
            ),
            ("[{typ: merge, queue: a}]", "6:12: routing[0].typ: is not a known key (did you mean type?)"),
        ])
    func mistakes(text: String, expected: String) throws {
        #expect(try problems(Self.handlers + "routing: \(text)\n").contains("acode.yaml:\(expected)"))
    }

    @Test("queues that rules, types, roles and tasks name have to be known where anybody says which there are")
    func queues() throws {
        let rule = "routing: [{label: big, queue: hevy}, {queue: light}]\n"
        #expect(try problems(rule) == [])
        #expect(
            try problems(rule + "queue: {declared: [light, heavy]}") == [
                "acode.yaml:1:31: routing[0].queue: there is no queue hevy (did you mean heavy?)"
            ])
        #expect(
            try problems(rule + "queue: {queues: [light]}") == [
                "acode.yaml:1:31: routing[0].queue: there is no queue hevy "
                    + "(known are light; declare others in queue.declared)"
            ])
        #expect(try problems(rule + "queue: {queues: [light], declared: [light, hevy]}") == [])
        #expect(try problems(rule + "roles: {a: {queues: [light, hevy]}}") == [])
        #expect(try problems(rule + "roles: {a: {queues: [light]}, b: {queues: all}}") == [])
        #expect(
            try problems("queue: {queues: [ligth], declared: [light]}") == [
                "acode.yaml:1:18: queue.queues[0]: there is no queue ligth (did you mean light?)"
            ])
        #expect(
            try problems("queue: {declared: [light]}\nroles: {a: {queues: [heavy]}}").contains(
                "acode.yaml:2:22: roles.a.queues[0]: there is no queue heavy "
                    + "(known are light; declare others in queue.declared)"))
        #expect(
            try problems("queue: {declared: [light]}\nhandlers: {t: {command: [x], queue: heavy}}").first?
                .hasPrefix("acode.yaml:2:37: handlers.t.queue: there is no queue heavy") == true)
        let rules = try load("queue: {declared: [light]}\nrouting: [{label: a, queue: light}]").settings.taskRules
        let error = #expect(throws: ConfigurationError.self) {
            try TaskFile.parse(
                contents: "tasks:\n- {command: [x], queue: ligth}\n- {command: [x], labels: [a]}\n- {command: [x]}\n",
                name: "t.yaml", rules: rules)
        }
        #expect(
            error?.problems.map(\.description) == [
                "t.yaml:2:18: tasks[0].queue: there is no queue ligth (did you mean light?)",
                "t.yaml:4:3: tasks[2].queue: there is no queue default (queue.declared names light)",
            ])
        let warned = try load("queue: {declared: [light]}\nrouting: [{label: a, queue: light}]").warnings
        #expect(warned.map(\.message) == ["tasks that no rule takes go to the queue default, which nobody consumes"])
    }
}
