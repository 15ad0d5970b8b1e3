import { checkDatabase, checkRoles } from "./check_database.ts";
import { checkDeployment } from "./check_deployment.ts";
import { checkKeys, checkWorker } from "./check_functions.ts";
import { checkIsolates } from "./check_isolates.ts";
import { checkDoctor } from "./check_doctor.ts";
import { checkTags } from "./check_tags.ts";
import type { HostedCheck } from "./hosted_project.ts";

/** What could only be read about hosted Supabase, and not be seen: each is looked at on a project. */
export const HOSTED_CHECKS: HostedCheck[] = [
  {
    name: "migrations go through",
    run: (project) => checkDeployment(project, "migrations"),
  },
  {
    name: "functions are deployed without the gateway's check of tokens",
    run: (project) => checkDeployment(project, "functions"),
  },
  { name: "pg_cron runs maintenance", run: checkDatabase },
  { name: "functions reach DNS and have keys", run: checkWorker },
  { name: "every kind of key is known or refused with 401", run: checkKeys },
  { name: "doctor finds nothing, before and after a run", run: checkDoctor },
  { name: "an object has one tag, read whole or in part", run: checkTags },
  { name: "roles have the times that the docs name", run: checkRoles },
  { name: "isolates live as long as they should", run: checkIsolates },
  {
    name: "advisors and invariants have nothing to say",
    run: (project) => checkDeployment(project, "advice"),
  },
];
