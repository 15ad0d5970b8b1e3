// The same worker as pipeline-worker in isolates of its own: the stages that run what users wrote and
// call what users named are sent here, away from those that call models.
export { default } from "../pipeline-worker/index.ts";
