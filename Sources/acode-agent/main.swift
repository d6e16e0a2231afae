import AgentCore
import Glibc

exit(AgentMain.run(CommandLine.arguments))
