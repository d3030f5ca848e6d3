"""The settings of the REST interface's description: OpenAPI, made by drf-spectacular."""

from config.version import VERSION

SPECTACULAR_SETTINGS = {
    "TITLE": "Chosen",
    "DESCRIPTION": "Human preference labeling with DPO export and a closed training loop.",
    "VERSION": "1",
    "EXTENSIONS_INFO": {"x-product-version": VERSION},  # the other one is that of the interface
    "OAS_VERSION": "3.1.0",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "",
    "ENUM_NAME_OVERRIDES": {
        "BulkActKind": "labeling.models.BulkAct.Kind",
        "RowKind": "labeling.models.ImportBatch.Kind",
        "CampaignStatus": "labeling.models.Campaign.Status",
        "ComparisonStatus": "labeling.models.Comparison.Status",
        "JobStatus": "training.models.JobStatus",
        "PersonRole": "labeling.models.Role",
        "QuestionStatus": "labeling.models.Question.Status",
        "DisplayedChoice": "labeling.judging.drafts.CHOICES",
        "DeploymentKind": "training.models.Deployment.Kind",
        "GroupJobKind": "training.models.GroupJob.Kind",
        "JudgeChoice": "training.api.serializers.suites.JUDGE_CHOICES",
        "EvaluationFinding": "training.models.EvaluationJob.Finding",
        "MemberRole": "labeling.models.Membership.Role",
        "MessageRole": "labeling.api.serializers.judging.MESSAGE_ROLES",
        "ShownRole": "labeling.api.serializers.judging.SHOWN_ROLES",
        "TrialArmName": "training.models.TrialArm.Name",
        "PracticeChoice": "labeling.api.serializers.onboarding.ANSWERS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "labeling.api.schema.add_problems",
        "labeling.api.schema.add_examples",
    ],
}
