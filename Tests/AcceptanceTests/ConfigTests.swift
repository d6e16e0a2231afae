import TestSupport
import Testing

extension Acceptance {
    /// C-1…C-4: configuration as a user meets it.
    @Suite("Configuration", .timeLimit(.minutes(3)))
    struct Configuration {
        @Test("the documented block is accepted as written and `show --origin` says where values come from")
        func origins() async throws {
            try await AcodeFixture.with { fixture in
                try fixture.write(
                    """
                    workers:
                      mode: docker
                      count: 4
                      docker:
                        image: "mcr.microsoft.com/dotnet/sdk:8.0"
                        pullPolicy: ifNotPresent  # always, never, ifNotPresent
                        keepContainers: false
                        network: bridge
                        resources:
                          cpus: 1.0
                          memoryMb: 512
                          pidsLimit: 100
                        mounts:
                          - source: /host/repo
                            target: /workspace
                            readOnly: false
                    """, to: fixture.configuration)
                try fixture.write("workers: {count: 6}\n", to: "\(fixture.directory)/acode.prod.yaml")
                let show = try await fixture.acode(
                    ["config", "show", "--origin", "--json", "--pool", "from-flag"],
                    environment: ["ACODE_ENV": "prod", "ACODE_QUEUE_LEASE": "70s"])
                let text = try show.succeeded().text
                _ = try show.json()
                let page = try await fixture.acode(
                    ["config", "show", "--origin", "--pool", "from-flag"],
                    environment: ["ACODE_ENV": "prod", "ACODE_QUEUE_LEASE": "70s"]
                ).succeeded().text
                for part in ["acode.prod.yaml", "ACODE_QUEUE_LEASE", "--pool", "acode.yaml"] {
                    #expect(page.contains(part), "\(part)\n\(page)")
                    #expect(text.contains(part), "\(part)\n\(text)")
                }
                func line(_ key: String) -> String {
                    page.split(separator: "\n").map(String.init).first { $0.contains("\(key):") } ?? ""
                }
                #expect(line("count").contains("6") && line("count").contains("acode.prod.yaml"))
                #expect(line("memoryMb").contains("512") && line("memoryMb").contains("acode.yaml:"))
                #expect(line("lease").contains("70s") && line("lease").contains("ACODE_QUEUE_LEASE"))
                #expect(line("heartbeat").contains("default"))
            }
        }

        @Test("without a file the documented defaults hold")
        func defaults() async throws {
            try await AcodeFixture.with { fixture in
                let directory = try await fixture.acode("config", "show", "--json").succeeded()
                let workers = try directory.json()["workers"]
                let resources = workers["docker"]["resources"]
                #expect(resources["cpus"] == 1 && resources["memoryMb"] == 512 && resources["swapMb"] == 0)
                #expect(resources["pidsLimit"] == 100 && resources["diskMb"] == 10_240)
                #expect(resources["networkMbit"] == 0 && resources["shmMb"] == 64 && resources["tempMb"] == 64)
                #expect(resources["workTmpfsMb"] == 0)
                #expect(workers["statsInterval"] == "5s" && workers["highUsageWarning"] == 90)
                #expect(workers["docker"]["network"] == "bridge" && workers["docker"]["pullPolicy"] == "ifNotPresent")
                #expect(workers["docker"]["image"] == "mcr.microsoft.com/dotnet/sdk:8.0")
                #expect(workers["startTimeout"] != .null && workers["stopTimeout"] == "10s")
                #expect(workers["docker"]["allowRoot"] == false && workers["docker"]["keepContainers"] == false)
                #expect(workers["docker"]["ulimits"]["nofile"] == 1024 && workers["docker"]["ulimits"]["core"] == 0)
            }
        }

        @Test("every mistake is told at once with file, line, column, path and a hint")
        func mistakes() async throws {
            try await AcodeFixture.with { fixture in
                try fixture.write(
                    """
                    workers:
                      count: many
                      docker:
                        imgae: x
                        resources:
                          cpus: -1
                        mounts:
                          - source: /
                            target: /host
                    """, to: fixture.configuration)
                for command in [["config", "validate"], ["task", "list"], ["worker", "start", "--mode", "local"]] {
                    let run = try await fixture.acode(command)
                    #expect(run.code == 78)
                    for place in ["acode.yaml:2:10", "acode.yaml:4:5", "acode.yaml:6:13", "acode.yaml:8:17"] {
                        #expect((run.text + run.errorText).contains(place), "\(place)\n\(run)")
                    }
                    #expect((run.text + run.errorText).contains("workers.docker.imgae"))
                    #expect((run.text + run.errorText).contains("did you mean image?"))
                    #expect((run.text + run.errorText).contains("workers.count"))
                }
            }
        }

        @Test("`validate` accepts a good file, for one environment or several")
        func validate() async throws {
            try await AcodeFixture.with(settings: ["workers.count": 2]) { fixture in
                try fixture.write("workers: {count: 3}\n", to: "\(fixture.directory)/acode.prod.yaml")
                try await fixture.acode("config", "validate").succeeded()
                try fixture.write("workers: {count: none}\n", to: "\(fixture.directory)/acode.test.yaml")
                try await fixture.acode("config", "validate", "--env", "prod").succeeded()
                // Without a name: every environment there is a file for.
                for environments in [[], ["--env", "prod", "--env", "test"]] {
                    let bad = try await fixture.acode(["config", "validate"] + environments)
                    #expect(bad.code == 78)
                    #expect((bad.text + bad.errorText).contains("acode.test.yaml:1:"))
                }
            }
        }

        @Test("a file that was named and isn't there is an error")
        func missingFile() async throws {
            try await AcodeFixture.with { fixture in
                let run = try await fixture.acode("config", "show", "--config", "/no/such/acode.yaml")
                #expect(run.code == 78)
                #expect(run.errorText.contains("/no/such/acode.yaml"))
            }
        }

        @Test("what `show` prints can be read back")
        func roundTrip() async throws {
            try await AcodeFixture.with(settings: ["workers.count": 7, "queue.lease": "44s"]) { fixture in
                let shown = try await fixture.acode("config", "show").succeeded().text
                let copy = try fixture.file("copy.yaml", shown)
                let again = try await fixture.acode("config", "show", "--config", copy).succeeded().text
                #expect(again == shown)
                #expect(shown.contains("44s"))
            }
        }

        @Test("the example file is valid")
        func example() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.acode("config", "validate", "--config", "\(Checkout.root)/config.example.yaml")
                    .succeeded()
            }
        }
    }
}
